/** Under which headings `--help` lists the options, in every command alike. */
export const groups = {
  model: 'Model:',
  pruning: 'Pruning:',
  data: 'Data:',
  running: 'Running:',
  recipe: 'Recipe of the training:',
  output: 'Output:',
} as const;
