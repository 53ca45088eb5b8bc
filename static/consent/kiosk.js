/* A kiosk: one person after the other, and nothing of one of them is left for the next. */
(function () {
  "use strict";

  const kiosk = document.querySelector("[data-kiosk]");
  if (!kiosk) return;
  const said = kiosk.dataset;
  const here = location.pathname;
  const form = document.getElementById("kiosk-form");
  const screens = Array.from(document.querySelectorAll("[data-screen]"));
  const problems = document.getElementById("kiosk-problems");
  const RESET_AFTER = 90 * 1000; // a person who went away
  const THANKS_FOR = 20 * 1000;
  const TRY_EVERY = 20 * 1000;
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const encode = (text) => new TextEncoder().encode(text);

  function base64(buffer) {
    let text = "";
    new Uint8Array(buffer).forEach((one) => { text += String.fromCharCode(one); });
    return btoa(text);
  }

  /* --- Screens --- */

  let timer = 0;
  function show(name) {
    screens.forEach((screen) => { screen.hidden = screen.dataset.screen !== name; });
    document.body.dataset.shows = name;
    window.scrollTo(0, 0);
    const target = document.querySelector(`[data-screen="${name}"] [data-first]`);
    if (target) target.focus();
  }

  /* A new page, so that the browser forgets what was typed; and not in its history. */
  function reset() {
    location.replace(here);
  }

  function wait(milliseconds) {
    clearTimeout(timer);
    timer = setTimeout(reset, milliseconds);
  }

  window.addEventListener("pageshow", (event) => { if (event.persisted) reset(); });
  ["pointerdown", "keydown", "input"].forEach((name) => {
    document.addEventListener(name, () => { if (document.body.dataset.shows === "form") wait(RESET_AFTER); });
  });

  document.getElementById("kiosk-begin").addEventListener("click", () => {
    if (document.documentElement.requestFullscreen) document.documentElement.requestFullscreen().catch(() => {});
    show("form");
    wait(RESET_AFTER);
  });
  document.querySelectorAll("[data-reset]").forEach((button) => button.addEventListener("click", reset));

  /* --- The signature --- */

  const canvas = document.getElementById("kiosk-signature");
  const pen = canvas.getContext("2d");
  let isSigned = false;
  let isDrawing = false;
  pen.lineWidth = 4;
  pen.lineCap = "round";

  function place(event) {
    const frame = canvas.getBoundingClientRect();
    return [
      ((event.clientX - frame.left) * canvas.width) / frame.width,
      ((event.clientY - frame.top) * canvas.height) / frame.height,
    ];
  }

  function wipe() {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    isSigned = false;
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    isDrawing = true;
    pen.beginPath();
    pen.moveTo(...place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!isDrawing) return;
    pen.lineTo(...place(event));
    pen.stroke();
    isSigned = true;
  });
  ["pointerup", "pointercancel"].forEach((name) => canvas.addEventListener(name, () => { isDrawing = false; }));
  document.getElementById("kiosk-wipe").addEventListener("click", wipe);
  wipe();

  /* --- What waits: sealed for the server alone before it is kept --- */

  const db = new Promise((resolve, reject) => {
    const opening = indexedDB.open("optin-kiosk " + here, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("answers", { keyPath: "id" });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });

  async function store(mode, act) {
    const transaction = (await db).transaction("answers", mode, { durability: "strict" });
    const request = act(transaction.objectStore("answers"));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }

  async function seal(id, answer) {
    const curve = { name: "ECDH", namedCurve: "P-256" };
    const theirs = await crypto.subtle.importKey("raw", bytes(said.publicKey), curve, false, []);
    const own = await crypto.subtle.generateKey(curve, true, ["deriveBits"]);
    const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, own.privateKey, 256);
    const secret = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
    const key = await crypto.subtle.deriveKey(
      { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: encode("optin kiosk") },
      secret, { name: "AES-GCM", length: 256 }, false, ["encrypt"],
    );
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = encode(JSON.stringify(answer));
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: encode(id) }, key, plain);
    const point = await crypto.subtle.exportKey("raw", own.publicKey);
    return { id, key: Number(said.keyNumber), public: base64(point), iv: base64(iv), sealed: base64(sealed) };
  }

  let isSending = false;
  async function flush() {
    if (isSending) return;
    isSending = true;
    try {
      for (const answer of await store("readonly", (answers) => answers.getAll())) {
        if (answer.refused) continue;
        const { refused, ...sealed } = answer;
        const response = await fetch(said.answers, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ ...sealed, sent_at: Date.now() }),
        });
        if (response.ok) await store("readwrite", (answers) => answers.delete(answer.id));
        else if (response.status === 403) break; // staff must open it again; what waits goes on waiting
        else if (response.status < 500 && response.status !== 429) {
          const code = (await response.json()).code;
          await store("readwrite", (answers) => answers.put({ ...sealed, refused: code }));
        }
      }
    } catch (error) {
      /* no network: they go on waiting */
    } finally {
      isSending = false;
      await count();
    }
  }

  async function count() {
    const answers = await store("readonly", (all) => all.getAll());
    const refused = answers.filter((answer) => answer.refused).length;
    document.querySelectorAll("[data-waiting]").forEach((place) => {
      place.textContent = answers.length - refused ? said.saidWaiting.replace("#", answers.length - refused) : "";
    });
    document.querySelectorAll("[data-refused]").forEach((place) => {
      place.textContent = refused ? said.saidRefused.replace("#", refused) : "";
    });
  }

  /* --- Answering --- */

  function wrong(messages) {
    problems.hidden = !messages.length;
    problems.querySelector("ul").replaceChildren(...messages.map((message) => {
      const item = document.createElement("li");
      item.textContent = message;
      return item;
    }));
    if (messages.length) problems.focus();
  }

  /* What a phone number can be is for the server to say; without a network only its length is known. */
  async function judged(phone) {
    const digits = phone.replace(/\D/g, "").length;
    if (digits < 8 || digits > 15 || /[^\d\s+().-]/.test(phone)) return said.saidPhone;
    try {
      const response = await fetch(said.number, { method: "POST", body: new URLSearchParams({ phone }) });
      return response.ok ? (await response.json()).message : "";
    } catch (error) {
      return "";
    }
  }

  let isBusy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    try {
      const phone = form.elements.phone.value.trim();
      const boxes = Array.from(form.querySelectorAll("[name=box]:checked"), (box) => box.value);
      const messages = [boxes.length ? "" : said.saidBoxes, await judged(phone)].filter(Boolean);
      wrong(messages);
      if (messages.length) return;
      const id = crypto.randomUUID();
      const signature = isSigned ? canvas.toDataURL("image/png").split(",")[1] : "";
      const answer = { token: said.token, phone, boxes, signature, said_at: Date.now() };
      const sealed = await seal(id, answer);
      await store("readwrite", (answers) => answers.put(sealed));
      form.reset();
      wipe();
      show("thanks");
      wait(THANKS_FOR);
      await flush();
    } catch (error) {
      wrong([said.saidBroken]);
    } finally {
      isBusy = false;
    }
  });

  /* --- Without a network --- */

  async function prepare() {
    if (!("serviceWorker" in navigator)) return;
    await navigator.serviceWorker.register(said.worker, { scope: here });
    await navigator.serviceWorker.ready;
    const cache = await caches.open("optin-kiosk " + here);
    const pages = [here, ...Array.from(document.querySelectorAll(".languages a"), (link) => link.href)];
    const parts = document.querySelectorAll("link[rel=stylesheet], link[rel=icon], script[src], img[src^='/']");
    await cache.addAll([...pages, ...Array.from(parts, (part) => part.href || part.src)]);
    document.body.dataset.ready = "yes";
  }

  window.addEventListener("online", flush);
  setInterval(flush, TRY_EVERY);
  setInterval(() => { if (document.body.dataset.shows === "begin" && navigator.onLine) reset(); }, 60 * 60 * 1000);
  const isOld = Date.now() - Number(said.shown) > Number(said.days) * 24 * 60 * 60 * 1000;
  show(isOld ? "old" : "begin");
  prepare().catch(() => {});
  count().then(flush);
})();
