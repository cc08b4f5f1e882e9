/** An address of the contract, ready to be matched: `{name}` stands for one segment of the path. */
export interface Address {
  /** The values of the parameters, or `undefined` when the path is another. */
  match(path: string): Record<string, string> | undefined;
}

/** Compiles an address. A query string that the document put into it is not looked at. */
export function compileAddress(address: string): Address {
  const wanted = (address.split("?")[0] ?? "").split("/");
  return {
    match(path) {
      const got = path.split("/");
      if (got.length !== wanted.length) return undefined;
      const values: Record<string, string> = {};
      for (const [index, part] of wanted.entries()) {
        const text = got[index] ?? "";
        const name = /^\{(.+)\}$/.exec(part)?.[1];
        if (name === undefined) {
          if (part !== text) return undefined;
          continue;
        }
        const value = decode(text);
        if (value === undefined || value === "") return undefined;
        values[name] = value;
      }
      return values;
    },
  };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
