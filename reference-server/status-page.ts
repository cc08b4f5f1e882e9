import type { ServedEndpoint, ServerStats } from "./running-server.js";

/** A page for whoever opens the server in a browser: where each endpoint is, and how it goes. */
export function renderStatusPage(endpoints: readonly ServedEndpoint[], stats: ServerStats): string {
  const rows = endpoints
    .map(
      ({ name, transport, url }) =>
        `<tr><th scope="row">${escapeHtml(name)}<td>${transport}<td><code>${escapeHtml(url)}</code>`,
    )
    .join("\n");
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>wireproof reference server</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; vertical-align: top; overflow-wrap: anywhere; }
</style>
<h1>wireproof reference server</h1>
<p>${stats.connections} connections open, ${stats.opened} since the start.</p>
<table>
<thead><tr><th scope="col">endpoint<th scope="col">transport<th scope="col">connect to</thead>
${rows}
</table>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
