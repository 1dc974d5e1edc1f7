// Images of faces, from sheets that hold 25 each and are loaded when one of them is needed.

const SHEETS = 30, FACES = 800; // that are kept: 28 and 29 MB

// What was made last, by key; what was not asked for longest is forgotten.
class Recent {
  constructor(limit) {
    this.limit = limit;
    this.values = new Map();
  }

  get(key, make) {
    const value = this.values.get(key) ?? make();
    this.values.delete(key);
    this.values.set(key, value);
    if (this.values.size > this.limit) this.values.delete(this.values.keys().next().value);
    return value;
  }
}

export class Sheets {
  constructor({ size, columns }, folder = "faces") {
    Object.assign(this, { size, columns, folder });
    this.sheets = new Recent(SHEETS);
    this.faces = new Recent(FACES);
  }

  // Resolves when the face can be drawn; rejects where its sheet is missing.
  load(row) {
    return this.faces.get(row, () => {
      const face = {};
      face.loading = this.cut(row).then((bitmap) => { face.bitmap = bitmap; });
      face.loading.catch(() => this.faces.values.delete(row));
      return face;
    }).loading;
  }

  async cut(row) {
    const { size, columns } = this, number = Math.floor(row / columns ** 2);
    const sheet = await this.sheets.get(number, () => this.fetch(number));
    const cell = row % columns ** 2;
    return createImageBitmap(sheet, (cell % columns) * size, Math.floor(cell / columns) * size, size, size);
  }

  async fetch(number) {
    const image = new Image();
    image.src = `${this.folder}/${number}.png`;
    try {
      await image.decode();
    } catch (error) {
      this.sheets.values.delete(number);
      throw error;
    }
    return createImageBitmap(image);
  }

  // Draw a face onto a canvas of its size; false while it is not loaded.
  draw(canvas, row) {
    const context = canvas.getContext("2d"), bitmap = this.faces.values.get(row)?.bitmap;
    context.clearRect(0, 0, this.size, this.size);
    if (bitmap) context.drawImage(bitmap, 0, 0);
    return Boolean(bitmap);
  }
}
