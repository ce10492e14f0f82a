/**
 * The version of Node that everything here needs, in JavaScript that any Node reads: an older one cannot load the
 * TypeScript that would say so.
 */

/**
 * @param {string} command what the user called, as pnpm calls it
 * @returns {string | null} a sentence for the user; null where this Node is new enough
 */
export function nodeTooOld(command) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return null;
  return (
    `error: Node ${process.versions.node} is too old: vssm needs Node 22.18 or newer; npx brings it: ` +
    `npx -y -p node@24 -p pnpm@12.21.0 -c '${command}'\n`
  );
}
