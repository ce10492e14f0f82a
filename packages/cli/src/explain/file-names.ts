/** Names of the pictures that are written, from names that strangers may have given. */

/** `photo.jpg` → `photo.png`, and `photo.jpg.png` where another photo is called so already. */
export class FileNames {
  readonly #taken = new Set<string>();

  of(id: string): string {
    const plain = id.replaceAll(/[^\p{L}\p{N}._ -]/gu, '_').slice(-120);
    const stem = plain.replace(/\.(jpe?g|png|webp)$/i, '');
    let name = `${stem}.png`;
    for (let i = 1; this.#taken.has(name.toLowerCase()); i++) {
      name = i === 1 ? `${plain}.png` : `${plain}-${i}.png`;
    }
    this.#taken.add(name.toLowerCase());
    return name;
  }
}
