/* Puts a consent form of Optin into your page: <script src=".../embed.js" data-point="company/point" async></script>.
   The form is a frame of its own: it sets no cookie, reads nothing of your page and tells it only its height. */
(function () {
  "use strict";
  var script = document.currentScript;
  var point = (script && script.getAttribute("data-point")) || "";
  if (!/^[A-Za-z0-9_-]+\/[A-Za-z0-9_-]+$/.test(point)) {
    console.error('Optin: write data-point="company/point" on the script.');
    return;
  }
  var origin = new URL(script.src).origin;
  var language = script.getAttribute("data-lang");
  var frame = document.createElement("iframe");
  frame.src = origin + "/c/" + point + "/?embed=1" + (language ? "&lang=" + encodeURIComponent(language) : "");
  frame.title = script.getAttribute("data-title") || "Optin";
  frame.referrerPolicy = "origin"; /* the evidence names the website, never the page */
  frame.style.cssText = "display:block;width:100%;height:720px;border:0";
  window.addEventListener("message", function (event) {
    if (event.origin !== origin || event.source !== frame.contentWindow) return;
    var height = event.data && event.data.optinHeight;
    if (typeof height === "number" && height > 0 && height < 20000) frame.style.height = Math.ceil(height) + "px";
  });
  script.parentNode.insertBefore(frame, script.nextSibling);
})();
