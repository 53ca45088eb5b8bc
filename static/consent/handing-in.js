/* Handing in scans piece by piece: what has arrived stays, and a broken line goes on by itself.
   Without this script the form sends its files in one go. */
(function () {
  "use strict";

  const form = document.querySelector("[data-drop]");
  const progress = document.querySelector("[data-progress]");
  const WAIT = 3000; // milliseconds before a broken line is tried again
  const LOOK_EVERY = 2000;
  if (progress) watch();
  if (!form) return;

  const said = form.dataset;
  const piece = Number(said.piece);
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const list = form.querySelector("[data-sending]");
  const pause = form.querySelector("[data-pause]");
  const input = form.querySelector("[type=file]");
  const waiting = [];
  let isPaused = false;
  let isSending = false;
  let goOn = () => {};

  form.querySelector("[data-drop-words]").hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    add(input.files);
    form.reset();
  });
  input.addEventListener("change", () => { input.removeAttribute("aria-invalid"); });
  ["dragover", "dragleave", "drop"].forEach((name) => form.addEventListener(name, (event) => {
    event.preventDefault();
    form.classList.toggle("is-over", name === "dragover");
    if (name === "drop") add(event.dataTransfer.files);
  }));
  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", isPaused);
    if (!isPaused) goOn();
  });
  window.addEventListener("online", () => goOn());
  window.addEventListener("beforeunload", (event) => { if (isSending) event.preventDefault(); });

  function add(files) {
    Array.from(files).forEach((file) => {
      const line = document.createElement("li");
      const name = document.createElement("span");
      const bar = document.createElement("progress");
      const words = document.createElement("span");
      name.textContent = file.name;
      bar.max = 100;
      bar.value = 0;
      bar.setAttribute("aria-label", file.name);
      line.append(name, " ", bar, " ", words);
      list.append(line);
      waiting.push({ file, line, bar, words });
    });
    send();
  }

  async function send() {
    if (isSending) return;
    isSending = true;
    pause.hidden = false;
    while (waiting.length) {
      const one = waiting[0];
      try {
        await sendOne(one);
        one.line.remove();
        waiting.shift();
        look();
      } catch (problem) {
        if (problem.isFinal) {
          one.words.textContent = problem.message;
          one.line.classList.add("is-refused");
          one.bar.remove();
          waiting.shift();
        } else {
          one.words.textContent = problem.isSaid ? problem.message : said.saidBroken;
          await new Promise((done) => { goOn = done; setTimeout(done, WAIT); });
        }
      }
    }
    isSending = false;
    pause.hidden = true;
  }

  async function sendOne({ file, bar, words }) {
    const start = await ask(said.begin, new URLSearchParams({ name: file.name, size: file.size }), {});
    const where = said.pieceAt.replace("00000000-0000-0000-0000-000000000000", start.file);
    let arrived = start.arrived;
    while (arrived < file.size) {
      if (isPaused) {
        words.textContent = said.saidPaused;
        await new Promise((done) => { goOn = done; });
      }
      const part = file.slice(arrived, arrived + piece);
      const headers = { "X-Offset": arrived, "Content-Type": "application/octet-stream" };
      arrived = (await ask(where, part, headers)).arrived;
      bar.value = (100 * arrived) / file.size;
      words.textContent = `${Math.floor(bar.value)} %`;
    }
  }

  async function ask(where, body, headers) {
    const response = await fetch(where, { method: "POST", body, headers: { ...headers, "X-CSRFToken": token } });
    if (response.ok) return response.json();
    if (response.status === 507) throw Object.assign(new Error((await response.json()).message), { isSaid: true });
    if (response.status >= 500 || response.status === 409 || response.status === 429) throw new Error("again");
    const isJson = (response.headers.get("Content-Type") || "").includes("json");
    throw Object.assign(new Error(isJson ? (await response.json()).message : response.statusText), { isFinal: true });
  }

  /* --- How far the batch is --- */

  function watch() {
    if (progress.querySelector("[data-reading='1']")) setTimeout(look, LOOK_EVERY);
  }

  async function look() {
    if (!document.hidden) {
      const response = await fetch(progress.dataset.progress, { cache: "no-store" }).catch(() => null);
      const hasFocus = progress.contains(document.activeElement);
      if (response && response.ok && !hasFocus) progress.innerHTML = await response.text();
    }
    watch();
  }
})();
