// Starts the page: reads what it holds, goes on where it was left, and joins the parts.
import { addressKeeper, readAddress } from "./address.js";
import { App } from "./app.js";
import { listKeys, listenToKeys, makeButtons } from "./controls.js";
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

// Editing is allowed while this page has the turn, and while the command cannot be asked for it.
function follow(app, has, number) {
  if (has !== undefined) {
    app.saver.turn = number;
    allowEditing(app, has, "Another page edits these corrections.");
  }
  if (app.mayEdit) app.saver.save();
}

function allowEditing(app, may, reason) {
  app.mayEdit = may;
  document.body.dataset.turn = may ? "here" : "elsewhere";
  if (!may) warn(`${reason} This page only shows them.`, true);
}

// The corrections to start from; null if they cannot be read, which is said.
async function readFile() {
  if (!isServed) return read("corrections");
  const answer = await fetch("corrections");
  if (answer.ok) return answer.json();
  warn(await answer.text());
  return null;
}

function sayNothingIsKept() {
  if (window.onbeforeunload) return;
  window.onbeforeunload = (event) => find(".saved").dataset.saved === "true" || event.preventDefault();
  warn("This browser keeps nothing of what you do here. Save before you leave.");
}

async function start() {
  const data = readData(read("contents")), name = `review ${data.checksum} ${data.run}`;
  let app, turn;
  // Only with the turn is the journal this page's to write: what it reads after is what there is.
  await new Promise((resolve) => {
    askForTurn(isServed, name, (...now) => {
      turn = now;
      if (app) follow(app, ...now);
      resolve();
    });
  });
  const file = await readFile();
  if (!file) return;
  app = makeApp(data, file, await openJournal(name, sayNothingIsKept), turn[0]);
  open(app);
  follow(app, ...turn);
}

function makeApp(data, file, journal, hasTurn) {
  const resumed = resume(file, journal.entries, isServed), { history: done, saved } = resumed;
  if (resumed.journal && hasTurn) journal.restart(resumed.journal);
  const saver = new (isServed ? ServedSaver : DownloadSaver)({
    data,
    history: done,
    saved,
    journal,
    version: file.version,
    report: showSaved,
    onConflict: (reason) => allowEditing(app, false, reason),
  });
  const choose = { row: (row) => app.visit(row), point: (k) => app.select(k) };
  const page = makePage(data, choose);
  const app = new App({ data, history: done, journal, saver, page });
  choose.form = new FilterForm(find(".filters"), data, {
    choose: (filter) => app.show(filter),
    leave: page.focusStage,
  });
  return app;
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
