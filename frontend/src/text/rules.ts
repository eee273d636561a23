// The words of the rules on the page Allocation.
export const rulesText = {
  text: 'Rules (TOML)',
  from: (name: string) => `Begun from ${name}`,
  changed: (name: string) =>
    `Other rules count by now: ${name}. Your text is kept; show anew what it would move.`,
  preview: 'Show what would move',
  save: 'Save',
  previewFirst: 'Show first what would move.',
  notYours: (role: string) => `Saving is for the role admin; you are signed in as ${role}.`,
  ask: 'Make these rules count',
  askHelp: (moves: string, name: string) =>
    `${moves} rows of team and month move. Saved in the name of ${name}; earlier rules are kept.`,
  saved: 'Saved: these rules count now.',
  choose: 'Choose a file',
  reset: 'Back to the rules that count',
  moves: 'What would move',
  movesHelp: 'Cost of each team and month before and after; what leaves one row arrives in others.',
  notTried: 'Change the rules or choose a file, then look here.',
  nothingMoves: 'Nothing would move',
  nothingMovesHelp: 'With these rules every team has the cost that it has now.',
  history: 'Saved rules',
  noHistory: 'No rules were saved yet',
  noHistoryHelp: 'The defaults of pertoken count until somebody saves others.',
};
