/**
 * What an error may not reveal: a stack trace, or the absolute path of a file on the server's machine. Written to miss
 * something rather than to accuse a text that only looks like it: JSON pointers and URLs are no paths.
 */

/** What a text reveals. */
export interface Disclosure {
  readonly what: "a stack trace" | "the path of a file";
  readonly excerpt: string;
}

/** Stack traces as the common languages print them. JSON escapes line ends: `\n` may stand as two characters. */
const TRACES: readonly RegExp[] = [
  // JavaScript: "at f (file:1:2)", "at file:///x.js:1:2"
  /(?:^|\n|\\n)\s*at (?:async )?[^\n]{0,200}?[(\s:/\\][^\s()]{1,200}:\d+:\d+\)?/,
  /Traceback \(most recent call last\)/,
  /File \\?"[^"\n]{1,300}\\?", line \d+/,
  /goroutine \d+ \[[a-z ,]+\]:/,
  /(?:^|\n|\\n)(?:\\t|\s)*at [\w$.]+\.[\w$<>]+\((?:[\w$]+\.(?:java|kt|scala)(?::\d+)?|Native Method|Unknown Source)\)/,
  /(?:^|\n|\\n)\s*at [\w.`<>[\]]+\([^)\n]*\) in [^\n]+:line \d+/,
  /thread '[^'\n]*' (?:\(\d+\) )?panicked at/,
  /stack backtrace:/i,
  /\.rb:\d+:in [`'][^`'\n]+'/,
  /#\d+ (?:\/|[A-Z]:\\)[^\n(]{1,200}\(\d+\): /,
  /\.exs?:\d+: \(?[A-Z]?[\w.]+[\w!?]*\/\d+/,
];

/** Names of files that programs are made of; `.json` and the like also end names of fields. */
const SOURCE =
  "(?:py|pyc|js|mjs|cjs|ts|mts|tsx|jsx|go|rs|java|kt|scala|rb|php|cs|fs|ex|exs|erl|c|cc|cpp|h|hpp|so|dll|jar|lua|swift|sh|sqlite3?|pem|key|env|conf|ini|toml|ya?ml|log)";

/** First folders of absolute paths; a JSON pointer that starts so would name a field after one. */
const ROOTS =
  "(?:home|Users|root|usr|var|etc|opt|srv|tmp|mnt|private|proc|app|workspace|go|nix|build|code|node_modules|site-packages)";

const PATHS: readonly RegExp[] = [
  // Not after a colon and slash (a URL), a word or a dot: there it is part of something else.
  new RegExp(`(?<![\\w.:/~#\\\\-])/(?:[\\w.@+-]+/)+[\\w.@+-]+\\.${SOURCE}\\b(?![\\w/])`),
  new RegExp(
    `(?<![\\w.:/~#\\\\-])/${ROOTS}/(?:[\\w.@+-]+/)*[\\w@+-]+\\.[A-Za-z][A-Za-z0-9]{0,5}\\b(?![\\w/])`,
  ),
  /(?<![\w.])file:\/\/\/[^\s"']{3,}/,
  /(?<![A-Za-z0-9])[A-Za-z]:(?:\\\\?)(?:[\w .@+-]+\\\\?)+[\w.@+-]+\.\w{1,6}\b/,
];

/** Looks for them; what `sent` (texts of the client) holds as well was only repeated. */
export function disclosureIn(text: string, sent = ""): Disclosure | undefined {
  for (const pattern of TRACES) {
    const found = pattern.exec(text)?.[0];
    if (found !== undefined && !sent.includes(found))
      return { what: "a stack trace", excerpt: cut(found, text) };
  }
  for (const pattern of PATHS) {
    const found = pattern.exec(text)?.[0];
    if (found !== undefined && !sent.includes(found))
      return { what: "the path of a file", excerpt: cut(found, text) };
  }
  return undefined;
}

const TOKENS: readonly RegExp[] = [
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/g,
  /\bBearer [\w.~+/-]{16,}=*/g,
  /\b(?:sk|pk|rk|ghp|gho|xox[abp])[-_][\w-]{16,}/g,
  /\bAKIA[0-9A-Z]{16}\b/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/g,
];

/** Strings that look like credentials: worth a note, never a verdict. */
export function tokensIn(text: string): string[] {
  return TOKENS.flatMap((pattern) => text.match(pattern) ?? []);
}

function cut(found: string, text: string): string {
  const at = Math.max(0, text.indexOf(found) - 20);
  const shown = text.slice(at, at + 160);
  return `${at > 0 ? "…" : ""}${shown}${at + 160 < text.length ? "…" : ""}`;
}
