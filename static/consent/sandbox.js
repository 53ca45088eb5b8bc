// Brings new messages onto the phone without a reload. Without this file, "Look again" does the same.
const EVERY = 1500;
const phone = document.querySelector("[data-phone]");
const screen = phone?.querySelector(".screen");

async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { headers: { "X-Part": "phone" } });
      if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      // The server is restarting; the next look finds it.
    }
  }
  setTimeout(look, EVERY);
}

function show(page) {
  const fresh = page.querySelector("[data-phone]");
  if (!fresh) return;
  if (fresh.dataset.phone !== phone.dataset.phone) {
    location.reload();
    return;
  }
  const talk = screen.querySelector(".talk");
  const freshTalk = fresh.querySelector(".talk");
  if (freshTalk && !talk) {
    screen.replaceChildren(freshTalk);
  } else if (freshTalk) {
    for (const bubble of [...freshTalk.children]) {
      if (!document.getElementById(bubble.id)) talk.append(bubble);
    }
  }
  const phones = document.querySelector(".phones");
  const freshPhones = page.querySelector(".phones");
  if (phones && freshPhones && !phones.contains(document.activeElement)) phones.replaceWith(freshPhones);
}

if (phone) {
  document.documentElement.classList.add("polls");
  setTimeout(look, EVERY);
  // A second tap while the first is on its way would write the message twice.
  for (const form of phone.querySelectorAll("form")) {
    form.addEventListener("submit", (event) => {
      const text = form.querySelector("[name=text].text");
      if (form.dataset.sent || (text && !text.value.trim())) event.preventDefault();
      else form.dataset.sent = "1";
    });
  }
  addEventListener("pageshow", () => {
    for (const form of phone.querySelectorAll("form")) delete form.dataset.sent;
  });
}
