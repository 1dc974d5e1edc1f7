// Row and filter in the page's address: #row=120&show=all. A reload, and a link from the report, lead
// to the same face.
import { EVERYTHING, SHOW, STATES } from "./filters.js";

const isOneOf = (choices, value) => choices.some(([choice]) => choice === value);

// Of the address, what this page can show: an index of a row, or undefined, and a filter.
export function readAddress(data, text) {
  const asked = Object.fromEntries(new URLSearchParams(text.replace(/^#/, "")));
  const filter = { ...EVERYTHING };
  if (isOneOf(SHOW, asked.show)) filter.show = asked.show;
  if (isOneOf(STATES, asked.state)) filter.state = asked.state;
  if (data.keypoints[asked.keypoint]) filter.keypoint = asked.keypoint;
  if (["1", "2"].includes(asked.annotator)) filter.annotator = asked.annotator;
  if (asked.rows) filter.rows = asked.rows;
  return { row: data.rowOf.get(Number(asked.row)), filter };
}

const PAUSE = 300; // milliseconds: a browser refuses more than a hundred changes in 30 s

// Keeps the address that of the last row and filter it is given, once these rest.
export function addressKeeper(data) {
  let waiting;
  return (row, filter) => {
    const chosen = Object.entries(filter).filter(([name, value]) => value !== EVERYTHING[name]);
    const address = `#${new URLSearchParams([["row", data.ids[row]], ...chosen])}`;
    clearTimeout(waiting);
    waiting = setTimeout(() => history.replaceState(null, "", address), PAUSE);
  };
}
