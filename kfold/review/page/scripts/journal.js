// What was done on this page, kept by the browser: a reload, a crash or a power failure loses nothing.

const STORE = "entries";

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function open(name) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { autoIncrement: true });
  return result(request);
}

// Do something with the store; resolves once it is on the disk.
function transact(database, action) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
    action(transaction.objectStore(STORE));
    transaction.commit?.();
  });
}

// The journal called `name`. `onFailure` is called when the browser does not keep what is done.
export async function openJournal(name, onFailure) {
  let database;
  let entries = [];
  try {
    database = await open(name);
    entries = await result(database.transaction(STORE).objectStore(STORE).getAll());
  } catch (error) {
    onFailure(error);
  }
  const attempt = (action) => {
    if (database) transact(database, action).catch(onFailure);
  };
  return {
    entries,
    append(entry) {
      attempt((store) => store.add(entry));
    },
    restart(first) {
      attempt((store) => {
        store.clear();
        first.forEach((entry) => store.add(entry));
      });
    },
  };
}
