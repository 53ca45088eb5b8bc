// A small app on the public API: shows what a capture point says, hands in what was ticked, asks, withdraws.
const app = document.querySelector("[data-app]");
const find = (name) => document.querySelector(`[data-${name}]`);
const known = (code) => document.querySelector(`[data-word="${code}"]`)?.textContent;
const words = (code) => known(code) ?? code;
const form = document.querySelector("[data-step=ask]");
let point = null; // what is shown
let asked = []; // the boxes that were answered
let key = ""; // of the write that is under way: sent again, it is the same write, word for word
let verifiedAt = "";

async function call(method, path, body, headers = {}) {
  const answer = await fetch(`${app.dataset.api}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${app.dataset.key}`,
      ...(body ? { "Content-Type": "application/json" } : {}),
      ...headers,
    },
    body: body ? JSON.stringify(body) : undefined,
    cache: "no-store",
    signal: AbortSignal.timeout(Number(app.dataset.patience ?? 15_000)), // milliseconds
  });
  const said = await answer.json();
  note(method, path, body, answer.status, said);
  if (!answer.ok) throw Object.assign(new Error(said.detail), { code: said.code, pointer: said.pointer });
  return said;
}

function note(method, path, body, status, said) {
  const row = find("exchange").content.firstElementChild.cloneNode(true);
  row.querySelector("h3").textContent = `${method} ${app.dataset.api}${path} → ${status}`;
  row.querySelector("pre").textContent = [body, said]
    .filter(Boolean)
    .map((one) => JSON.stringify(one, null, 1))
    .join("\n\n");
  find("none").hidden = true;
  find("wires").hidden = false;
  find("wires").prepend(row);
}

function step(name) {
  for (const one of document.querySelectorAll("[data-step]")) one.hidden = one.dataset.step !== name;
  document.querySelector(`[data-step=${name}] [data-focus]`)?.focus();
}

// No answer of the API's came: the network is away, or too slow, or a page for people came in its place.
const isAway = (error) =>
  error instanceof TypeError || error instanceof SyntaxError || error.name === "TimeoutError";

// Whatever goes wrong is said where it happened, and takes nothing away.
async function tell(what) {
  const busy = app.querySelectorAll("button");
  find("problem").textContent = "";
  busy.forEach((button) => (button.disabled = true));
  for (const field of form.elements) field.removeAttribute("aria-invalid");
  let wrong = null;
  try {
    await what();
  } catch (error) {
    const code = isAway(error) ? "away" : (error.code ?? "");
    wrong = form.elements[error.pointer?.split("/").pop()]; // "#/guardian/born" is the field born
    if (wrong) wrong.after(find("problem"));
    else find("screen").append(find("problem"));
    find("problem").textContent = known(code) ?? known(code.split(".")[0]) ?? error.message;
  }
  busy.forEach((button) => (button.disabled = false));
  wrong?.setAttribute("aria-invalid", "true");
  wrong?.focus();
}

async function begin() {
  point = await call("GET", `/points/${app.dataset.point}?language=${app.dataset.language}`);
  find("title").textContent = point.title;
  find("text").replaceChildren(
    ...point.text.map((paragraph) => Object.assign(document.createElement("p"), { textContent: paragraph })),
  );
  find("boxes").replaceChildren(find("boxes").querySelector("legend"), ...point.boxes.map(box));
  if (point.guardian) child(point.guardian);
  step("ask");
}

// Who says yes for a child is asked two things more, in the words that came with the others.
function child(questions) {
  for (const name of ["asked", "note", "relation", "born", "contact"]) find(name).textContent = questions[name];
  const [choose] = form.elements.relation.options;
  const answers = questions.relations.map((one) => new Option(one.label, one.key));
  form.elements.relation.replaceChildren(choose, ...answers);
  find("child").hidden = false;
}

function box(one) {
  const row = find("box").content.firstElementChild.cloneNode(true);
  Object.assign(row.querySelector("input"), { name: "box", value: one.key });
  row.querySelector("b").textContent = one.label;
  row.querySelector("small").textContent = one.hint;
  return row;
}

function fresh() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function handIn() {
  const said = new FormData(form);
  const ticked = said.getAll("box");
  if (!ticked.length) throw Object.assign(new Error(), { code: "nothing" });
  const contact = said.get("contact").trim();
  if (!contact.startsWith("+")) throw Object.assign(new Error(), { code: "phone", pointer: "contact" });
  if (!key) verifiedAt = new Date().toISOString();
  key ||= fresh();
  const act = await call(
    "POST",
    "/consents",
    {
      token: point.token,
      contact,
      answers: Object.fromEntries(ticked.map((one) => [one, true])), // an empty box is no answer
      evidence: { app_version: "1.0.0", screen: "settings/messages", device_locale: navigator.language },
      ...(point.guardian ? { guardian: { relation: said.get("relation"), born: said.get("born") } } : {}),
      ...(said.has("verified") ? { verified: { method: "sms_code", at: verifiedAt } } : {}),
    },
    { "Idempotency-Key": key },
  );
  key = "";
  asked = point.boxes;
  find("receipt").href = act.receipt;
  find("waiting").hidden = !act.records.some((record) => record.state === "requested");
  await decide();
  step("kept");
}

async function decide() {
  const contact = form.elements.contact.value.trim();
  const rows = [];
  for (const one of asked) {
    const answer = await call("POST", "/decisions", { contact, channel: one.channel, purpose: one.purpose });
    const row = find("decision").content.firstElementChild.cloneNode(true);
    row.className = answer.allow ? "allowed" : "denied";
    row.querySelector(".verdict").textContent = words(row.className);
    row.querySelector("b").textContent = one.label;
    row.querySelector(".words").textContent = words(answer.reason);
    rows.push(row);
  }
  find("decisions").replaceChildren(...rows);
}

async function withdraw() {
  key ||= fresh();
  await call("POST", "/withdrawals", { contact: form.elements.contact.value.trim() }, { "Idempotency-Key": key });
  key = "";
  find("waiting").hidden = true;
  await decide();
}

if (app) {
  find("without").hidden = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tell(handIn);
  });
  form.addEventListener("input", () => (key = "")); // other answers are another write
  const acts = { ask: decide, withdraw, begin };
  for (const button of document.querySelectorAll("[data-do]")) {
    button.addEventListener("click", () => tell(acts[button.dataset.do]));
  }
  tell(begin);
}
