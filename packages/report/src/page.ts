/** The page: sections in reading order within one document. */
import { html, Markup } from './html.ts';
import { renderSection, type Section } from './sections/section.ts';

export function page(sections: readonly Section[]): Markup {
  const links = sections.map(({ id, title, short }) => html`<li><a href="#${id}">${short ?? title}</a></li>`);
  const { text } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="vision-ssm-pruning">
<meta name="color-scheme" content="light dark">
<title>Token pruning in vision state space models: measured</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="assets/style.css">
<script defer src="assets/interactive.js"></script>
</head>
<body>
<a class="skip" href="#${sections[0]?.id}">Skip the contents</a>
<header>
<p class="kicker">vision-ssm-pruning · report</p>
<h1>Token pruning in vision state space models, measured</h1>
<p class="subtitle">“Exploring Token Pruning in Vision State Space Models” (Zhan et al., NeurIPS 2024, <a href="https://arxiv.org/abs/2409.18962">arXiv 2409.18962</a>), called ToP
here: its published numbers, and what this project computed and measured.</p>
</header>
<div class="columns">
<nav aria-label="Contents"><ol>${links}</ol></nav>
<main>
${sections.map(renderSection)}</main>
</div>
<footer><p>One static folder: no server, no network, and no JavaScript is needed to read it. Data and charts are beside this page, in
<code>data/</code> and <code>charts/</code>.</p></footer>
</body>
</html>
`;
  return new Markup(unitsKept(text));
}

/** A number and its unit never part at the end of a line: `86.4 %`, `3.60 G`. */
function unitsKept(text: string): string {
  return text.replace(/(\d) (%|G|M|ms|GB|GiB|MB)(?![\w-])/g, '$1\u00a0$2');
}
