/* The page that checks a receipt: takes files, asks verify-log.js what holds, and says so in the page's own words.
   It sends nothing anywhere; all it asks for is public keys, of the log and of its witnesses, when it opens. */
(function () {
  "use strict";

  const log = globalThis.OptinLog;
  const form = document.getElementById("verify");
  const input = document.getElementById("files");
  const keys = document.getElementById("key");
  const source = document.getElementById("key-source");
  const witnesses = document.getElementById("witnesses");
  const verdict = document.getElementById("verdict");
  const findings = document.getElementById("findings");
  const records = document.getElementById("records");
  const says = document.getElementById("says").content;
  let chosen = [];
  let given = ""; // the key as the server gave it
  let named = []; // the witnesses' keys that the server gave
  let run = 0; // only the newest check may write its result

  /* --- words ------------------------------------------------------------------------------------------------- */

  function sentence(name, values) {
    const found = says.querySelector('[data-say="' + CSS.escape(name) + '"]');
    if (!found) return null;
    return found.textContent.trim().replace(/\{([a-z]+)\}/g, (all, key) => (values && key in values ? values[key] : all));
  }

  function element(name, text, attributes) {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    return made;
  }

  /* --- the check --------------------------------------------------------------------------------------------- */

  async function check(files, trusted, watching) {
    const found = [];
    const shown = [];
    const read = [];
    for (const file of files) {
      try {
        read.push(log.readFile(file.name, file.bytes));
      } catch (trouble) {
        found.push(unreadable(trouble, file.name));
      }
    }
    const pairs = read.filter((each) => each.kind === "bundle").flatMap((bundle) => fromBundle(bundle, trusted, found));
    pairs.push(...fromProofs(read, found));
    for (const pair of pairs) await checkPair(pair, trusted, watching, found, shown);
    return { found, shown };
  }

  function unreadable(trouble, name) {
    if (!(trouble instanceof log.Malformed)) throw trouble;
    return log.finding("file", false, "malformed." + trouble.what, { name });
  }

  /* What a bundle says twice must be the same twice. */
  function fromBundle(bundle, trusted, found) {
    if (trusted.length) {
      const isKnown = trusted.some((key) => key.line === bundle.vkey);
      found.push(log.finding("key", isKnown, isKnown ? "key.same" : "key.other"));
    }
    return bundle.records.map((record) => {
      if (record.proof.checkpoint !== bundle.checkpoint)
        found.push(log.finding("checkpoint", false, "checkpoint.differs", { index: record.proof.index }));
      return record;
    });
  }

  /* A proof carries its entry, or the entry comes as a file beside it; when both are there they must agree. */
  function fromProofs(read, found) {
    const entries = read.filter((each) => each.kind === "entry");
    const pairs = read.filter((each) => each.kind === "proof").map((each) => {
      const beside = entryFor(each, entries);
      if (beside) entries.splice(entries.indexOf(beside), 1);
      const extra = each.proof.extra;
      if (beside && extra && !log.same(beside.bytes, extra))
        found.push(log.finding("entry", false, "entry.differs", { name: beside.name }));
      const entry = beside ? beside.bytes : extra;
      if (!entry) found.push(log.finding("entry", false, "entry.missing", { name: each.name }));
      return { entry, proof: each.proof };
    });
    for (const each of entries) found.push(log.finding("proof", false, "proof.missing", { name: each.name }));
    return pairs.filter((pair) => pair.entry);
  }

  function entryFor(each, entries) {
    const stem = each.name.slice(0, 36); // files are named after the record's id
    return (
      entries.find((entry) => each.proof.extra && log.same(entry.bytes, each.proof.extra)) ||
      entries.find((entry) => entry.name.slice(0, 36) === stem) ||
      (entries.length === 1 ? entries[0] : undefined)
    );
  }

  async function checkPair({ entry, proof }, trusted, watching, found, shown) {
    let note;
    try {
      note = log.readNote(proof.checkpoint);
    } catch (trouble) {
      found.push(unreadable(trouble, ""));
      return;
    }
    const signature = trusted.length
      ? await log.checkSignature(note, trusted)
      : log.finding("signature", null, "signature.untold");
    addOnce(signature, found);
    for (const witness of watching) {
      const cosigned = await log.checkCosignature(note, witness);
      const isNamed = named.includes(witness.line);
      // One that the server names signs soon after; one that the visitor brought is asked for, and must have signed.
      if (cosigned.holds !== null || !isNamed) addOnce(saidBy(cosigned, isNamed), found);
    }
    const inclusion = await log.checkInclusion(entry, proof, note);
    found.push(inclusion);
    const fields = log.readEntry(entry);
    if (!fields) found.push(log.finding("entry", false, "malformed.entry"));
    else shown.push({ index: proof.index, fields, holds: signature.holds && inclusion.holds });
  }

  /* Records of one act stand under one checkpoint: what is found of it is said once. */
  function addOnce(finding, found) {
    const isSame = (each) => ["size", "name"].every((value) => each.values[value] === finding.values[value]);
    if (!found.some((each) => each.says === finding.says && isSame(each))) found.push(finding);
  }

  function saidBy(cosigned, isNamed) {
    const { time, ...values } = cosigned.values;
    const says = cosigned.holds ? (isNamed ? "witness.named" : "witness.yours") : cosigned.says;
    return { ...cosigned, says, values: { ...values, time: moment(new Date(time * 1000)) } };
  }

  function moment(date) {
    if (Number.isNaN(Number(date))) return "?";
    return date.toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "long" });
  }

  /* --- the page ---------------------------------------------------------------------------------------------- */

  async function start() {
    if (!chosen.length) return;
    const mine = ++run;
    let trusted;
    let result;
    if (!(await log.isAble())) {
      result = { found: [log.finding("browser", null, "browser.unable")], shown: [] };
    } else {
      try {
        trusted = await log.readKeys(keys.value);
        result = await check(chosen, trusted, await log.readWitnesses(witnesses.value));
      } catch (trouble) {
        if (!(trouble instanceof log.Malformed)) throw trouble;
        result = { found: [log.finding("key", false, "malformed." + trouble.what)], shown: [] };
      }
      if (trusted && trusted.length) result.found.unshift(whoseKey(trusted));
    }
    if (mine === run) show(result);
  }

  function whoseKey(trusted) {
    const isServers = keys.value.trim() === given.trim();
    return log.finding("key", true, isServers ? "key.server" : "key.yours", { id: trusted.map((key) => key.id).join(", ") });
  }

  function show({ found, shown }) {
    const wrong = found.filter((each) => each.holds === false);
    const open = found.filter((each) => each.holds === null);
    const outcome = wrong.length ? "bad" : open.length || !shown.length ? "unknown" : "good";
    form.dataset.outcome = outcome;
    verdict.hidden = false;
    verdict.dataset.outcome = outcome;
    verdict.textContent = sentence("verdict." + outcome, { count: wrong.length });
    findings.replaceChildren(...[...wrong, ...open, ...found.filter((each) => each.holds)].map(row));
    records.replaceChildren(...shown.flatMap(recordRows));
  }

  function row(each) {
    const item = element("li", "", { "data-holds": String(each.holds), "data-about": each.about });
    const mark = each.holds === null ? "unknown" : each.holds ? "good" : "bad";
    item.append(element("b", sentence("mark." + mark)), " ", element("span", sentence(each.says, each.values)));
    return item;
  }

  /* What a person wants to know in words, and everything else as it stands in the entry. */
  const FIRST = ["company", "state", "purpose", "channel", "method", "event_time", "valid_days"];
  const FIRST_OF_OTHERS = ["type", "company", "entity", "recorded_at"]; // that somebody was erased, for one

  function recordRows({ index, fields, holds }) {
    const section = element("section", "", { class: "record", "data-holds": String(Boolean(holds)) });
    const all = element("details", "");
    const known = (fields.type === "consent" ? FIRST : FIRST_OF_OTHERS).filter((name) => name in fields).map((name) => [name, inWords(name, raw(fields[name]))]);
    all.append(element("summary", sentence("record.all")));
    all.append(facts(Object.entries(fields).map(([name, value]) => [name, raw(value)]), "facts small"));
    section.append(element("h3", sentence(holds ? "record.proved" : "record.claimed", { index })));
    section.append(facts(known, "facts"), all);
    return [section];
  }

  function facts(rows, kind) {
    const list = element("dl", "", { class: kind });
    for (const [name, said] of rows) {
      const line = element("div", "");
      line.append(element("dt", sentence("field." + name) || name), element("dd", said));
      list.append(line);
    }
    return list;
  }

  function raw(value) {
    return typeof value === "string" ? value : JSON.stringify(value);
  }

  function inWords(name, text) {
    const date = ["event_time", "recorded_at"].includes(name) ? new Date(text) : NaN;
    return Number.isNaN(Number(date)) ? sentence(name + "." + text) || text : moment(date);
  }

  async function take(files) {
    chosen = await Promise.all(
      Array.from(files, async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
    );
    await start();
  }

  async function askForKeys() {
    try {
      given = await ask(form.dataset.key);
      if (!keys.value.trim()) keys.value = given.trim();
      source.textContent = sentence("source.server");
      const lines = await ask(form.dataset.witnesses);
      named = lines.split("\n").filter(Boolean);
      if (!witnesses.value.trim()) witnesses.value = lines.trim();
    } catch {
      source.textContent = sentence(given ? "source.server" : "source.none");
    }
    await start(); // files may have been quicker than the keys
  }

  async function ask(address) {
    const response = await fetch(address, { credentials: "omit", cache: "no-store" });
    if (!response.ok) throw new Error(String(response.status));
    return response.text();
  }

  input.addEventListener("change", () => take(input.files));
  keys.addEventListener("change", () => {
    source.textContent = sentence(keys.value.trim() === given.trim() ? "source.server" : "source.yours");
    start();
  });
  witnesses.addEventListener("change", start);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (chosen.length) start();
    else input.focus();
  });
  const stop = (event) => event.preventDefault();
  for (const name of ["dragover", "drop"]) document.addEventListener(name, stop);
  form.addEventListener("dragover", () => form.classList.add("over"));
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    form.classList.remove("over");
    if (event.dataTransfer.files.length) take(event.dataTransfer.files);
  });
  form.hidden = false;
  askForKeys();
  if (input.files.length) take(input.files); // chosen before we were here, or kept over a reload
})();
