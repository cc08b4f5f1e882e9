/** The style sheet of the HTML report: no font, no image, no script; light and dark by the reader's own setting. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --line: #d9dee5; --text: #1b2129; --soft: #55606e; --link: #0a58b5;
  --pass: #17693a; --fail: #b3202c; --warn: #845400; --untestable: #6c40b8; --inconclusive: #1f5f9e; --none: #5d6773;
  --pass-bg: #e2f4e8; --fail-bg: #fde7e8; --warn-bg: #fcefd2; --untestable-bg: #efe8fb; --inconclusive-bg: #e2eefa;
  --none-bg: #eceff2; --code: #f0f2f5; --sent: #0a58b5; --got: #33404f; --axis: #97a1ae; --shadow: 0 1px 2px #1b21290f, 0 4px 14px #1b21290a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101419; --card: #181d24; --line: #2d3540; --text: #e5e9ee; --soft: #a3aebb; --link: #7db8ff;
    --pass: #6fd694; --fail: #ff8b8f; --warn: #f0c064; --untestable: #c3a4ff; --inconclusive: #85c1ff; --none: #a3aebb;
    --pass-bg: #14301f; --fail-bg: #3d1a1e; --warn-bg: #38290c; --untestable-bg: #2b2144; --inconclusive-bg: #142d47;
    --none-bg: #232a33; --code: #11161c; --sent: #7db8ff; --got: #cdd5de; --axis: #66717e; --shadow: none;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; overflow-wrap: anywhere; background: var(--page); color: var(--text); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main, header > div, footer { max-width: 1120px; margin: 0 auto; padding: 0 24px; }
h1, h2, h3 { line-height: 1.25; margin: 0; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: 1.65rem; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 44px 0 14px; }
h2 small { color: var(--soft); font-weight: 400; }
p { margin: 8px 0; }
a { color: var(--link); text-underline-offset: 2px; }
a:focus-visible, summary:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px; }
code, pre, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .87em; }
code { overflow-wrap: anywhere; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 12px; top: 12px; background: var(--card); padding: 8px 14px; z-index: 1; }
header { background: var(--card); border-bottom: 1px solid var(--line); border-top: 6px solid var(--tone); padding: 28px 0 24px; }
.kicker { color: var(--soft); font-size: .9rem; margin: 0 0 6px; }
.banner { display: flex; flex-wrap: wrap; gap: 10px 14px; align-items: baseline; margin-top: 16px; padding: 12px 16px; border-radius: 10px; background: var(--tone-bg); }
.banner strong { color: var(--tone); font-size: 1.1rem; }
.banner > *, .finding h3 > span { min-width: 0; }
.next { flex-basis: 100%; margin: 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 12px 24px; margin: 20px 0 0; }
.facts dt { color: var(--soft); font-size: .8rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.facts .wide { grid-column: 1 / -1; }
.counts { display: flex; flex-wrap: wrap; gap: 8px; list-style: none; margin: 0 0 18px; padding: 0; }
.counts li { padding: 5px 12px; border-radius: 99px; font-size: .9rem; color: var(--tone); background: var(--tone-bg); }
.counts b { font-size: 1.05em; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); }
.matrix { padding: 8px 18px; }
.family { display: grid; grid-template-columns: 170px 1fr; gap: 6px 16px; align-items: center; padding: 9px 0; border-top: 1px solid var(--line); }
.family:first-child { border-top: 0; }
.family > span { color: var(--soft); font-size: .92rem; }
.tiles { display: flex; flex-wrap: wrap; gap: 6px; list-style: none; margin: 0; padding: 0; }
.tile { display: flex; align-items: center; justify-content: center; gap: 5px; min-width: 54px; height: 32px; padding: 0 8px; border-radius: 7px; text-decoration: none; font-size: .86rem; font-variant-numeric: tabular-nums; color: var(--tone); background: var(--tone-bg); border: 1px solid transparent; }
a.tile:hover { border-color: currentColor; }
.t-fail.tile { font-weight: 700; border-color: var(--fail); }
.t-pass { --tone: var(--pass); --tone-bg: var(--pass-bg); }
.t-fail { --tone: var(--fail); --tone-bg: var(--fail-bg); }
.t-warn { --tone: var(--warn); --tone-bg: var(--warn-bg); }
.t-untestable { --tone: var(--untestable); --tone-bg: var(--untestable-bg); }
.t-inconclusive { --tone: var(--inconclusive); --tone-bg: var(--inconclusive-bg); }
.t-not-applicable { --tone: var(--none); --tone-bg: var(--none-bg); }
.finding { margin: 0 0 22px; overflow: hidden; border-top: 4px solid var(--tone); scroll-margin-top: 12px; }
.finding > div { padding: 20px 24px; }
.finding h3 { font-size: 1.12rem; display: flex; flex-wrap: wrap; gap: 6px 10px; align-items: baseline; }
.badge { font-size: .78rem; font-weight: 600; padding: 2px 9px; border-radius: 99px; color: var(--tone); background: var(--tone-bg); white-space: nowrap; }
.rule { color: var(--soft); margin: 8px 0 16px; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; margin: 14px 0; }
.pair > div { border-radius: 8px; padding: 10px 14px; min-width: 0; background: var(--tone-bg); }
.pair h4, .plain h4 { margin: 0 0 4px; font-size: .8rem; font-weight: 600; color: var(--tone, var(--soft)); }
.mend { border-left: 4px solid var(--link); padding: 2px 0 2px 14px; margin: 16px 0; }
.mend b { display: block; font-size: .8rem; color: var(--link); }
.plain { margin: 14px 0; }
.plain h4 { color: var(--soft); }
.copy { display: block; padding: 10px 14px; background: var(--code); border: 1px solid var(--line); border-radius: 8px; user-select: all; -webkit-user-select: all; cursor: copy; }
.notes { color: var(--soft); font-size: .92rem; padding-left: 20px; margin: 10px 0; }
figure { margin: 18px 0 8px; }
figcaption { color: var(--soft); font-size: .88rem; margin-bottom: 8px; }
svg { display: block; width: 100%; height: auto; max-width: var(--drawn); }
svg text { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 12px; fill: var(--text); }
svg .time { fill: var(--soft); font-size: 11px; }
svg .lane { stroke: var(--axis); stroke-width: 1; stroke-dasharray: 2 4; }
svg .head { fill: var(--code); stroke: var(--line); }
svg .who { font-weight: 600; text-anchor: middle; }
svg .sent { stroke: var(--sent); fill: var(--sent); }
svg .received { stroke: var(--got); fill: var(--got); }
svg .sent-text { fill: var(--sent); }
svg .bad { stroke: var(--fail); fill: var(--fail); }
svg .bad-text { fill: var(--fail); }
svg .band { fill: var(--fail-bg); }
svg .note-text, svg .pause-text { fill: var(--soft); font-style: italic; }
svg .arrow { stroke-width: 1.6; }
.narrow { display: none; }
details > summary { cursor: pointer; }
.more { border-top: 1px solid var(--line); margin: 0 -24px -20px; padding: 12px 24px; }
.more > summary { color: var(--link); }
.entries { list-style: none; margin: 10px 0 0; padding: 0; }
.entries > li { border-top: 1px solid var(--line); padding: 7px 0; }
.entries summary { display: grid; grid-template-columns: 84px 92px 1fr; gap: 10px; align-items: baseline; list-style: none; }
.entries summary::-webkit-details-marker { display: none; }
.entries summary > span { min-width: 0; overflow-wrap: anywhere; }
.entries summary > .time::before { content: "▸ "; color: var(--link); }
.entries details[open] > summary > .time::before { content: "▾ "; }
.entries .flat { display: grid; grid-template-columns: 84px 92px 1fr; gap: 10px; align-items: baseline; }
.entries .flat > span { min-width: 0; overflow-wrap: anywhere; }
.entries .time { color: var(--soft); text-align: right; font-variant-numeric: tabular-nums; }
.entries .bad { color: var(--fail); }
.entries .body { margin: 10px 0 12px; padding-left: 12px; border-left: 3px solid var(--line); display: grid; gap: 10px; }
.bits { display: flex; flex-wrap: wrap; gap: 4px 6px; list-style: none; margin: 0; padding: 0; font-size: .82rem; }
.bits li { border: 1px solid var(--line); border-radius: 6px; padding: 1px 8px; background: var(--code); }
.bits .odd { color: var(--fail); border-color: currentColor; }
.hex { background: var(--code); border-radius: 8px; padding: 10px 12px; overflow-x: auto; }
.hex pre { white-space: pre; overflow-wrap: normal; font-size: 12px; }
.rows { border-collapse: collapse; width: 100%; font-size: .93rem; }
.rows td { border-top: 1px solid var(--line); padding: 8px 10px; vertical-align: top; overflow-wrap: anywhere; }
.rows tr:first-child td { border-top: 0; }
.rows td:first-child { white-space: nowrap; width: 1%; }
.fold { padding: 4px 8px; margin: 0 0 14px; }
.fold > summary { padding: 10px 12px; font-weight: 600; }
.soft { color: var(--soft); }
footer { color: var(--soft); font-size: .88rem; padding-top: 36px; padding-bottom: 48px; }
@media (max-width: 720px) {
  body { font-size: 15px; }
  main, header > div, footer { padding-left: 16px; padding-right: 16px; }
  .family { grid-template-columns: 1fr; }
  .pair { grid-template-columns: 1fr; }
  .facts { grid-template-columns: 1fr 1fr; }
  .finding > div { padding: 16px; }
  .more { margin: 0 -16px -16px; padding: 12px 16px; }
  .wide-only { display: none; }
  .narrow { display: block; }
  .entries summary, .entries .flat { grid-template-columns: 84px 1fr; }
  .entries summary > span:last-child, .entries .flat > span:last-child { grid-column: 1 / -1; }
  .rows, .rows tbody, .rows tr, .rows td { display: block; }
  .rows td { border: 0; padding: 1px 10px; }
  .rows td:first-child { width: auto; }
  .rows tr { border-top: 1px solid var(--line); padding: 7px 0; }
  .rows tr:first-child { border-top: 0; }
}
@media print { body { background: none; } .card { box-shadow: none; } .finding { break-inside: avoid; } }
`;
