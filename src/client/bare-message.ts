import type { ClientRules } from "../wire/protocol.js";

/** The command `name` with nothing in it but what names it, and its id where there is one: what a heartbeat says. */
export function bareMessage(
  { commands, correlation, discriminator }: ClientRules,
  name: string,
  id: unknown,
): unknown {
  const message = {};
  const put = (value: unknown, pointer = ""): void => {
    let place: Record<string, unknown> = message;
    const [, ...steps] = pointer.split("/");
    const last = steps.pop() ?? "";
    for (const step of steps) {
      place[step] ??= {};
      // Only this function has put anything there.
      place = place[step] as Record<string, unknown>;
    }
    place[last] = value;
  };
  const { wire = [] } = commands.find((command) => command.name === name) ?? {};
  for (const [i, value] of wire.entries()) put(value, discriminator.receive[i]);
  if (id !== undefined) put(id, correlation[name]);
  return message;
}
