/** Two schemes of the same few colours; every text has a contrast of 4.5 and more on what is behind it. */
export const styles = `
:root {
  --paper: #f6f4ef; --card: #fffefb; --ink: #23211d; --soft: #67625a; --line: #ddd7cb; --edge: #b9b1a2;
  --accent: #0b5f58; --on-accent: #ffffff; --tint: #dcecea; --taken: #e7e2d8; --bad: #9c2f1c;
  --sans: "Inter", "Open Sans", "Segoe UI", system-ui, sans-serif;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, Charter, Georgia, "Open Sans", serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #161513; --card: #23211e; --ink: #ece8e0; --soft: #a8a297; --line: #3a3731; --edge: #6d675c;
    --accent: #7accc0; --on-accent: #10201e; --tint: #24423e; --taken: #211f1c; --bad: #f0a090;
  }
}
* { box-sizing: border-box; margin: 0; }
body { background: var(--paper); color: var(--ink); font: 1rem/1.5 var(--sans); }
main { max-width: 60rem; margin: 0 auto; padding: clamp(1.5rem, 6vw, 4.5rem) clamp(1rem, 4vw, 2rem); }
h1 { font: 500 clamp(1.9rem, 5vw, 2.9rem)/1.12 var(--serif); letter-spacing: -0.02em; overflow-wrap: anywhere; text-wrap: balance; }
h2, legend { padding: 0; font-size: 1.0625rem; font-weight: 600; }
.when { margin-top: 0.6rem; color: var(--soft); }
dl { display: flex; gap: 2.5rem; margin-top: 1.5rem; }
dt { color: var(--soft); font-size: 0.875rem; }
dd { font-size: 1.25rem; font-variant-numeric: tabular-nums; }

form { display: grid; grid-template-columns: minmax(0, 1fr) 19rem; gap: clamp(2rem, 6vw, 4rem); margin-top: 2.5rem; align-items: start; }
fieldset { min-width: 0; padding: 0; border: 0; }
.stage { margin: 1rem 8% 1.5rem; padding-top: 0.3rem; border-top: 3px solid var(--line); border-radius: 50% 50% 0 0 / 1rem 1rem 0 0; color: var(--soft); font-size: 0.8125rem; text-align: center; }
.seats { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)) minmax(0, 0.5fr) repeat(5, minmax(0, 1fr)); gap: clamp(0.25rem, 1vw, 0.5rem); }
.seats label { position: relative; aspect-ratio: 1 / 0.9; }
.seats label:nth-child(10n + 1) { grid-column: 1; }
.seats label:nth-child(10n + 6) { grid-column: 7; }
.seats input { position: absolute; inset: 0; width: 100%; height: 100%; opacity: 0; cursor: pointer; }
.seats input:disabled { cursor: default; }
.seats span, .key li::before { border: 1px solid var(--edge); border-radius: 0.5rem 0.5rem 0.25rem 0.25rem; background: var(--card); }
.seats span { display: grid; place-items: center; height: 100%; font-size: clamp(0.75rem, 2.2vw, 0.875rem); font-variant-numeric: tabular-nums; }
.seats input:hover:enabled + span { border-color: var(--accent); background: var(--tint); }
.seats input:checked + span { border-color: var(--accent); background: var(--tint); box-shadow: inset 0 0 0 1px var(--accent); font-weight: 600; }
.seats input:focus-visible + span { outline: 2px solid var(--accent); outline-offset: 2px; }
.seats [data-state="taken"] span, .key [data-state="taken"]::before { border-color: var(--line); background: var(--taken); color: var(--soft); }
.seats [data-state="taken"] span { text-decoration: line-through; }
.key [data-state="chosen"]::before { border-color: var(--accent); background: var(--tint); box-shadow: inset 0 0 0 1px var(--accent); }
.seats [data-state="yours"] span, .key [data-state="yours"]::before { border-color: var(--accent); background: var(--accent); color: var(--on-accent); font-weight: 600; }
.seats [data-state="asked"] span { border: 2px dashed var(--accent); background: var(--tint); }
.key { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; margin-top: 1.5rem; padding: 0; list-style: none; color: var(--soft); font-size: 0.875rem; }
.key li { display: flex; align-items: center; gap: 0.5rem; }
.key li::before { content: ""; width: 1rem; height: 0.9rem; border-radius: 0.25rem 0.25rem 0.125rem 0.125rem; }

section { position: sticky; top: 1.5rem; display: grid; gap: 1rem; padding: 1.5rem; border: 1px solid var(--line); border-radius: 0.75rem; background: var(--card); }
section label { display: grid; gap: 0.3rem; color: var(--soft); font-size: 0.875rem; }
section input { width: 100%; padding: 0.6rem 0.75rem; border: 1px solid var(--soft); border-radius: 0.4rem; background: var(--paper); color: var(--ink); font: inherit; font-size: 1rem; }
button { min-height: 2.9rem; padding: 0.6rem 1rem; border: 0; border-radius: 0.4rem; background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer; }
button[aria-disabled="true"] { background: var(--taken); color: var(--soft); cursor: default; }
section input:focus-visible, button:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
#message { min-height: 3rem; padding-left: 0.75rem; border-left: 3px solid transparent; }
#message[data-tone="good"]:not(:empty) { border-color: var(--accent); }
#message[data-tone="bad"] { border-color: var(--bad); color: var(--bad); }
#live { display: flex; align-items: baseline; gap: 0.5rem; color: var(--soft); font-size: 0.8125rem; }
#live:not([data-live="off"])::before { content: ""; flex: none; width: 0.5rem; height: 0.5rem; border-radius: 50%; background: var(--soft); }
#live[data-live="on"]::before { background: var(--accent); }
#live[data-live="lost"]::before { background: var(--bad); }
.empty { max-width: 40rem; padding-top: 20vh; }
.empty p { margin-top: 1rem; color: var(--soft); }
a { color: var(--accent); }

@media (max-width: 46rem) {
  form { grid-template-columns: minmax(0, 1fr); margin-top: 2rem; }
  section { position: static; }
}
@media (prefers-reduced-motion: no-preference) {
  .seats span, button { transition: background-color 0.3s, border-color 0.3s, color 0.3s; }
}
@media (forced-colors: active) {
  .seats input:checked + span { outline: 3px solid Highlight; }
  .seats [data-state="taken"] span { border-style: dotted; color: GrayText; }
}
`
