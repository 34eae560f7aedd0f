/** The reference page's only style sheet; its hash stands in the page's Content-Security-Policy. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --text: #1b1f24; --soft: #57606a; --ground: #ffffff; --raised: #f3f5f8; --line: #d0d7de; --accent: #0b57b7; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --soft: #9aa7b5; --ground: #0f1318; --raised: #191f27; --line: #333d49; --accent: #7cb7ff; } }
* { box-sizing: border-box; }
body { margin: 0; color: var(--text); background: var(--ground); font: 16px/1.55 system-ui, sans-serif; overflow-wrap: break-word; }
header, main, footer { max-width: 58rem; margin: 0 auto; padding: 0 1rem; }
footer { padding-bottom: 3rem; color: var(--soft); }
h1 { margin: 2rem 0 0.25rem; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 2.75rem 0 0.5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 1.3rem; line-height: 1.3; }
h3 { margin: 1.75rem 0 0.5rem; font-size: 1.05rem; }
h4 { margin: 1.25rem 0 0.25rem; font-size: 1rem; }
p { margin: 0.5rem 0; }
a { color: var(--accent); }
a:focus-visible, pre:focus-visible, .wide:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code, pre { font: 0.875em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
code { padding: 0.1em 0.3em; border-radius: 4px; background: var(--raised); }
pre { margin: 0.5rem 0; padding: 0.75rem 1rem; overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; background: var(--raised); overflow-wrap: normal; }
pre code { padding: 0; background: none; }
.address { font-size: 1rem; }
.method { font-weight: 700; }
.soft { color: var(--soft); }
.wide { position: relative; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; text-align: left; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { padding: 0.4rem 0.75rem 0.4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; }
td:last-child { min-width: 10rem; }
nav ul { padding-left: 1.25rem; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 0.5rem; padding: 0.5rem 1rem; background: var(--ground); }
`;
