/* Looking at sheets with the keyboard: the next one is fetched before it is asked for, and a number is judged while it
   is typed. Without this script each sheet is a page of its own. */
(function () {
  "use strict";

  const main = document.getElementById("content");
  const fetched = new Map();
  let judging = 0;

  const sheet = () => document.querySelector("[data-sheet]");

  function fetchAhead(address) {
    if (!address || fetched.has(address)) return;
    fetched.set(address, fetch(address, { credentials: "same-origin" }).then(taken).catch(() => null));
  }

  async function taken(response) {
    if (!response.ok) return null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const found = page.getElementById("content");
    return found && found.querySelector("[data-sheet]") ? { content: found, title: page.title, address: response.url } : null;
  }

  async function go(address, { isBack } = {}) {
    if (!address) return;
    fetchAhead(address);
    const page = await fetched.get(address);
    fetched.delete(address); // what is typed of it changes it
    if (!page) { location.assign(address); return; }
    show(page, isBack);
  }

  function show(page, isBack) {
    main.replaceChildren(...Array.from(page.content.cloneNode(true).childNodes));
    document.title = page.title;
    const crumb = document.querySelector(".breadcrumbs [aria-current]");
    const heading = main.querySelector("h1");
    if (crumb && heading) crumb.textContent = heading.textContent;
    if (!isBack) history.pushState({}, "", page.address);
    begin();
  }

  async function send(event) {
    event.preventDefault();
    const form = event.target;
    const button = form.querySelector("[type=submit]");
    if (button.hasAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    fetched.clear();
    try {
      const response = await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" });
      const page = await taken(response.clone());
      if (page) show(page, response.url === location.href);
      else location.assign(response.url);
    } catch (error) {
      form.removeEventListener("submit", send);
      form.submit();
    }
  }

  async function judge(form) {
    const mine = ++judging;
    const says = form.querySelector("[data-number-says]");
    const token = form.elements.csrfmiddlewaretoken.value;
    const body = new URLSearchParams({ number: form.elements.number.value });
    const response = await fetch(form.dataset.number, { method: "POST", body, headers: { "X-CSRFToken": token } }).catch(() => null);
    if (!response || !response.ok || mine !== judging) return;
    const found = await response.json();
    says.textContent = found.message;
    says.classList.toggle("is-good", found.is_good);
    form.elements.number.setAttribute("aria-invalid", String(!found.is_good));
  }

  function zoom() {
    const figure = document.querySelector("[data-zoom]");
    const button = figure && figure.querySelector("[data-zoom-button]");
    if (!button) return;
    const isLarge = figure.classList.toggle("is-large");
    button.setAttribute("aria-pressed", String(isLarge));
  }

  function begin() {
    const now = sheet();
    if (!now) return;
    const form = now.querySelector("[data-sheet-form]");
    form.addEventListener("submit", send);
    let timer = 0;
    form.elements.number.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => judge(form), 150);
    });
    if (form.elements.number.value) judge(form);
    const button = now.querySelector("[data-zoom-button]");
    if (button) {
      button.hidden = false;
      button.addEventListener("click", zoom);
    }
    now.querySelectorAll("[data-next-link], [data-previous-link]").forEach((link) => {
      link.addEventListener("click", (event) => { event.preventDefault(); go(link.href); });
    });
    const problems = now.querySelector("[data-problems]");
    (problems || form.elements.number).focus();
    fetchAhead(now.dataset.next);
    fetchAhead(now.dataset.previous);
  }

  document.addEventListener("keydown", (event) => {
    const now = sheet();
    if (!now || event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = {
      PageDown: () => go(now.dataset.next),
      PageUp: () => go(now.dataset.previous),
      F2: zoom,
      Escape: () => document.activeElement && document.activeElement.blur(),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });
  window.addEventListener("popstate", () => go(location.href, { isBack: true }));
  begin();
})();
