import type { ClientRules } from "../wire/protocol.js";

/** The command `name` with nothing in it but what names it, and its id where there is one: what a heartbeat says. */
export function bareMessage(
  { commands, correlation, discriminator }: ClientRules,
  name: string,
  id: unknown,
): unknown {
  const message = {};
  const put = (value: unknown, pointer = ""): void => {
    const steps = pointer.split("/").slice(1);
    let place: Record<string, unknown> = message;
    for (const [i, step] of steps.entries()) {
      place[step] ??= i + 1 < steps.length ? {} : value;
      // Only this function has put anything there; what is no object is the last.
      place = place[step] as Record<string, unknown>;
    }
  };
  const { wire = [] } = commands.find((command) => command.name === name) ?? {};
  for (const [i, value] of wire.entries()) put(value, discriminator.receive[i]);
  if (id !== undefined) put(id, correlation[name]);
  return message;
}
