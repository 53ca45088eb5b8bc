// Keeps the phone up to date and acts on it without a reload, and reads calls aloud. Without this file, forms and
// "Look again" do the same.
const EVERY = 1500;
const root = document.documentElement;
const voice = "speechSynthesis" in window ? window.speechSynthesis : null;
let phone = document.querySelector("[data-phone]");
let isBusy = false;
let isVoiceOn = true;
let current = phone?.querySelector(".call.in-progress")?.dataset.sid ?? "";
// What was said before this page came is not said again, unless the call has only begun.
const said = new Set(
  document.querySelector(".heard .keys") ? [...document.querySelectorAll(".heard .voice")].map((line) => line.id) : [],
);

async function look() {
  if (!document.hidden && !isBusy) {
    try {
      const answer = await fetch(location.href, { headers: { "X-Part": "phone" } });
      if (answer.ok && !isBusy) show(await parsed(answer));
    } catch {
      // The server is restarting; the next look finds it.
    }
  }
  setTimeout(look, EVERY);
}

async function parsed(answer) {
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function show(page) {
  const fresh = page.querySelector("[data-phone]");
  if (!fresh) return;
  if (fresh.dataset.phone !== phone.dataset.phone) {
    location.reload();
    return;
  }
  if (fresh.dataset.at !== phone.dataset.at) replace(fresh);
  else refresh(fresh);
  const phones = document.querySelector(".phones");
  const freshPhones = page.querySelector(".phones");
  if (phones && freshPhones && !phones.contains(document.activeElement)) phones.replaceWith(freshPhones);
  speak();
}

// Another app, another conversation, or a call: the whole phone is another one.
function replace(fresh) {
  const focused = phone.contains(document.activeElement) ? mark(document.activeElement) : null;
  phone.replaceWith(fresh);
  phone = fresh;
  prepare();
  if (focused) (phone.querySelector(focused) ?? phone.querySelector(".accept, .keys button, .text, .screen"))?.focus();
}

function refresh(fresh) {
  const talk = phone.querySelector(".talk");
  const freshTalk = fresh.querySelector(".talk");
  if (freshTalk && !talk) {
    phone.querySelector(".screen").replaceChildren(freshTalk);
  } else if (freshTalk) {
    for (const bubble of [...freshTalk.children]) {
      const old = document.getElementById(bubble.id);
      if (!old) talk.append(bubble);
      else if (old.dataset.version !== bubble.dataset.version) swap(old, bubble);
    }
  }
  const lines = phone.querySelector(".heard ol");
  for (const line of [...(fresh.querySelectorAll(".heard li") ?? [])]) {
    if (!document.getElementById(line.id)) lines.append(line);
  }
  for (const part of [".recents", ".dock", ".menu form", ".switches", ".top-down .empty"]) {
    const old = phone.querySelector(part);
    const now = fresh.querySelector(part);
    if (old && now && old.innerHTML !== now.innerHTML && !old.querySelector("details[open]")) swap(old, now);
  }
}

function swap(old, now) {
  const focused = old.contains(document.activeElement) ? mark(document.activeElement) : null;
  if (old.querySelector("details[open]")) for (const drawer of now.querySelectorAll("details")) drawer.open = true;
  old.replaceWith(now);
  if (focused) now.querySelector(focused)?.focus();
}

// How to find an element again after its part of the page was replaced.
function mark(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  if (element.name) return `[name="${CSS.escape(element.name)}"][value="${CSS.escape(element.value)}"]`;
  return element.tagName.toLowerCase();
}

let queue = Promise.resolve();
const waiting = new Set();

// One after the other, and none lost; but a second tap on the same button while the first is on its way is none.
function act(event) {
  const form = event.target;
  const text = form.querySelector(".text");
  const body = new URLSearchParams(new FormData(form, event.submitter)).toString();
  const once = `${form.action} ${body}`;
  event.preventDefault();
  if (text ? !text.value.trim() : waiting.has(once)) return;
  if (text) text.value = "";
  form.closest("details")?.removeAttribute("open");
  waiting.add(once);
  queue = queue.then(() => send(form.action, body)).finally(() => waiting.delete(once));
}

async function send(url, body) {
  isBusy = true;
  try {
    const headers = { "Content-Type": "application/x-www-form-urlencoded", "X-Part": "phone" };
    const answer = await fetch(url, { method: "POST", body, headers });
    if (!answer.ok) throw new Error(String(answer.status));
    history.replaceState(null, "", answer.url);
    show(await parsed(answer));
    phone.scrollIntoView({ block: "nearest" });
    phone.querySelector(".screen")?.scrollTo({ top: 0 }); // the end, because it is reversed
  } catch {
    location.reload();
  } finally {
    isBusy = false;
  }
}

// A call is read aloud where the browser can, its last words as well; the words stand there in any case.
function speak() {
  const call = phone.querySelector(".call.in-progress");
  const lines = call ? call.querySelectorAll(".voice") : phone.querySelectorAll(`[id="call-${current}"] .voice`);
  for (const line of lines) {
    if (said.has(line.id)) continue;
    said.add(line.id);
    if (!voice || !isVoiceOn) continue;
    const words = new SpeechSynthesisUtterance(line.textContent);
    words.lang = line.lang;
    voice.speak(words);
  }
  current = call ? call.dataset.sid : "";
}

function prepare() {
  const speaker = phone.querySelector(".speaker");
  if (!speaker || !voice) return;
  speaker.hidden = false;
  speaker.setAttribute("aria-pressed", String(isVoiceOn));
  speaker.addEventListener("click", () => {
    isVoiceOn = !isVoiceOn;
    speaker.setAttribute("aria-pressed", String(isVoiceOn));
    if (!isVoiceOn) voice.cancel();
  });
}

if (phone) {
  root.classList.add("polls");
  prepare();
  speak();
  // A key ends what is being said, and so does hanging up, as on any phone.
  document.addEventListener("click", (event) => {
    if (event.target.closest?.(".keys button, .end")) voice?.cancel();
  });
  document.addEventListener("submit", (event) => {
    if (event.target.closest("[data-phone]")) act(event);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = phone.querySelector(`.keys button[value="${CSS.escape(event.key)}"]`);
    if (key) key.click();
  });
  setTimeout(look, EVERY);
}
