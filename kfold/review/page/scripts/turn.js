// One page at a time edits; the others show what there is until they take over.

const TAB = "review tab", TAKE = "review take over";

function takesOver() {
  const take = sessionStorage.getItem(TAKE) !== null;
  sessionStorage.removeItem(TAKE);
  return take;
}

// Take the turn from the page that has it: load this one again, with all that was saved meanwhile.
export function takeOver() {
  sessionStorage.setItem(TAKE, "");
  location.reload();
}

// Pages that were opened from disk agree among those of this browser. `onTurn` is called with true
// when this page may edit, and with false when another one does.
function browserTurn(name, onTurn) {
  const options = takesOver() ? { steal: true } : { ifAvailable: true };
  navigator.locks.request(name, options, (lock) => {
    onTurn(lock !== null);
    return lock && new Promise(() => {});
  }).catch(() => onTurn(false));
}

// Pages that are served ask the command: it knows those of all browsers. `onTurn` is also called with
// undefined when the command cannot be reached, and with the turn's number as second argument.
function servedTurn(onTurn) {
  const tab = sessionStorage.getItem(TAB) ?? crypto.randomUUID();
  sessionStorage.setItem(TAB, tab);
  const stream = new EventSource(`turn?tab=${tab}${takesOver() ? "&take=1" : ""}`);
  stream.onmessage = ({ data }) => {
    const turn = JSON.parse(data);
    if (turn === null) stream.close();
    onTurn(turn !== null, turn);
  };
  stream.onerror = () => onTurn(undefined);
}

export function askForTurn(isServed, name, onTurn) {
  if (isServed) servedTurn(onTurn);
  else if (navigator.locks) browserTurn(name, onTurn);
  else onTurn(true);
}
