// Starts the page: reads what it holds, goes on where it was left, and joins the parts.
import { addressKeeper, readAddress } from "./address.js";
import { App } from "./app.js";
import { listKeys, listenToKeys, makeButtons } from "./commands.js";
import { readData } from "./data.js";
import { FilterForm } from "./filter_form.js";
import { resume } from "./history.js";
import { openJournal } from "./journal.js";
import { Panel } from "./panel.js";
import { listenToPointers } from "./pointer.js";
import { DownloadSaver, ServedSaver } from "./saver.js";
import { Sheets } from "./sheets.js";
import { Stage } from "./stage.js";
import { Strip } from "./strip.js";
import { askForTurn, takeOver } from "./turn.js";

const find = (selector) => document.querySelector(selector);
const read = (id) => JSON.parse(find(`#${id}`).textContent);
const isServed = location.protocol.startsWith("http");

// The page as the app sees it.
function makePage(data, choose) {
  const sheets = new Sheets(data), stage = find(".stage"), keepAddress = addressKeeper(data);
  return {
    sheets,
    stage: new Stage(stage, sheets),
    neighbours: new Strip(find(".neighbours"), data, sheets, choose.row),
    photograph: new Strip(find(".photograph"), data, sheets, choose.row),
    panel: new Panel(data, choose.point),
    announce: (text) => { find(".announced").textContent = text; },
    remember: (row, filter) => {
      choose.form.filter = filter;
      keepAddress(row, filter);
    },
    askForRow: () => find("[name=rows]").select(),
    focusStage: () => stage.focus({ preventScroll: true }),
    showKeys: () => find(".keys").showModal(),
  };
}

function warn(text, button = "") {
  find(".banner").hidden = !text;
  find(".banner span").textContent = text;
  find(".banner button").hidden = !button;
}

function showSaved(text, isSaved) {
  const saved = find(".saved");
  saved.textContent = text;
  saved.dataset.saved = isSaved;
}

function allowEditing(app, may, reason) {
  app.mayEdit = may;
  document.body.dataset.turn = may ? "here" : "elsewhere";
  if (!may) warn(`${reason} This page only shows them.`, true);
}

// Editing is allowed while this page has the turn, and while the command cannot be asked for it.
function followTurn(app, name) {
  askForTurn(isServed, name, (has, number) => {
    if (has !== undefined) {
      app.saver.turn = number;
      allowEditing(app, has, "Another page edits these corrections.");
    }
    if (app.mayEdit) app.saver.save();
  });
}

async function start() {
  const data = readData(read("contents"));
  const name = `review ${data.checksum} ${data.run}`;
  const journal = await openJournal(name, () => {
    window.addEventListener("beforeunload", (event) => find(".saved").dataset.saved === "true" || event.preventDefault());
    warn("This browser keeps nothing of what you do here. Save before you leave.");
  });
  const file = isServed ? await (await fetch("corrections")).json() : read("corrections");
  const resumed = resume(file, journal.entries, isServed);
  if (resumed.journal) journal.restart(resumed.journal);
  const saver = new (isServed ? ServedSaver : DownloadSaver)({
    data,
    history: resumed.history,
    saved: resumed.saved,
    journal,
    version: file.version,
    report: showSaved,
    onConflict: (reason) => allowEditing(app, false, reason),
  });
  const choose = { row: (row) => app.visit(row), point: (k) => app.select(k) };
  const page = makePage(data, choose);
  const app = new App({ data, history: resumed.history, journal, saver, page });
  choose.form = new FilterForm(find(".filters"), data, {
    choose: (filter) => app.show(filter),
    leave: page.focusStage,
  });
  open(app);
  followTurn(app, name);
}

function open(app) {
  const stage = find(".stage");
  makeButtons(app);
  listKeys(find(".keys .list"));
  listenToKeys(app);
  listenToPointers(stage, app);
  find(".banner button").addEventListener("click", takeOver);
  if (!isServed) find("[data-command=save]").firstChild.textContent = "Download";
  find(".choice").open = matchMedia("(min-width: 44rem)").matches;
  new ResizeObserver(() => app.resize(stage.clientWidth, stage.clientHeight)).observe(stage);
  app.viewport.fit(stage.clientWidth, stage.clientHeight);
  const goToAddress = () => {
    const { row, filter } = readAddress(app.data, location.hash);
    app.list(filter);
    app.visit(row ?? app.rows[0] ?? 0);
  };
  goToAddress();
  window.addEventListener("hashchange", goToAddress);
}

start();
