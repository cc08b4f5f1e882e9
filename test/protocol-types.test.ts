import type { StandardSchemaV1 } from "@standard-schema/spec";
import { expectTypeOf, it } from "vitest";
import type * as generated from "../generated/wire.js";
import type * as source from "../src/wire/protocol.js";

it("the emitted copy of the shared types is assignable to their source, and the source to it", () => {
  expectTypeOf<generated.Protocol>().toExtend<source.Protocol>();
  expectTypeOf<source.Protocol>().toExtend<generated.Protocol>();
  expectTypeOf<generated.DecodeError>().toExtend<source.DecodeError>();
  expectTypeOf<source.DecodeError>().toExtend<generated.DecodeError>();
  expectTypeOf<generated.Decoded<string>>().toExtend<source.Decoded<string>>();
  expectTypeOf<source.Decoded<string>>().toExtend<generated.Decoded<string>>();
  expectTypeOf<generated.ProtocolSide<"in", "out">>().toExtend<source.ProtocolSide<"in", "out">>();
  expectTypeOf<source.ProtocolSide<"in", "out">>().toExtend<generated.ProtocolSide<"in", "out">>();
});

it("a codec is a Standard Schema by the types of the specification", () => {
  expectTypeOf<generated.Codec<{ readonly a: 1 }>>().toExtend<StandardSchemaV1<unknown, { readonly a: 1 }>>();
});
