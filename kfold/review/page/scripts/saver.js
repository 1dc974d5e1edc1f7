// Saves corrections: into the run's folder where the page is served, else by download.
import { toCsv } from "./corrections.js";

async function versionOf(text) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

class Saver {
  // `saved` are the corrections in the file there is, `version` is its; `report` is called with a text
  // and whether all is saved.
  constructor({ data, history, saved, journal, version, report, onConflict }) {
    Object.assign(this, { data, history, journal, version, report, onConflict });
    this.savedText = toCsv(data, saved);
  }

  get text() {
    return toCsv(this.data, this.history.corrections);
  }

  get isSaved() {
    return this.text === this.savedText;
  }

  keep(version, text) {
    this.version = version;
    this.savedText = text;
    this.journal.append({ saved: version });
  }
}

export class ServedSaver extends Saver {
  // Save what changed; while one request is under way, the next waits for it.
  async save() {
    this.isWanted = true;
    if (this.isBusy || !this.turn) return;
    this.isBusy = true;
    try {
      while (this.isWanted) {
        this.isWanted = false;
        await this.put(this.text);
      }
    } finally {
      this.isBusy = false;
    }
  }

  async put(text) {
    if (this.isSaved) return this.report("All is saved", true);
    this.report("Saving", false);
    const headers = { "If-Match": this.version, "X-Turn": this.turn };
    const answer = await fetch("corrections", { method: "PUT", body: text, headers }).catch(() => null);
    if (answer?.ok) {
      this.keep((await answer.json()).version, text);
      return this.report(this.isSaved ? "All is saved" : "Saving", this.isSaved);
    }
    const reason = answer ? await answer.text() : "The command has ended.";
    if ([409, 412].includes(answer?.status)) this.onConflict(reason);
    return this.report(`Kept in this browser, not saved: ${reason}`, false);
  }
}

export class DownloadSaver extends Saver {
  async save() {
    const text = this.isSaved ? "No changes to download" : "Kept in this browser, not downloaded";
    this.report(text, this.isSaved);
  }

  async download() {
    const { text } = this, link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = "corrections.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    this.keep(await versionOf(text), text);
    this.save();
  }
}
