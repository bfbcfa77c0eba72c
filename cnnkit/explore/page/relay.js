/*
 * The widget around the page: in a notebook it shows the page in its frame, and passes messages on
 * between the page and the kernel. It is no part of the page, but a module of its own, which anywidget
 * loads: cnnkit/explore/_live.py.
 *
 * The frame is the sandbox that a cell without a kernel has, too. What comes out of it is a question,
 * `{id, layers, picture}`, and no more is passed on.
 */

function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.title = model.get("title");
  frame.sandbox = "allow-scripts";
  frame.srcdoc = model.get("page");
  frame.style.cssText = `display: block; width: 100%; height: ${model.get("height")}px; border: 0`;
  frame.style.resize = "vertical";

  const answer = (content, buffers = []) =>
    frame.contentWindow?.postMessage({ ...content, buffers }, "*");

  function ask({ source, data }) {
    if (source !== frame.contentWindow || !(data?.picture instanceof Float32Array)) return;
    const { id, layers, picture } = data;
    try {
      model.send({ id, layers }, undefined, [picture.buffer]);
    } catch (error) {
      answer({ id, error: `The kernel is not reached: ${error.message}.` });
    }
  }

  window.addEventListener("message", ask);
  model.on("msg:custom", answer);
  el.append(frame);
  return () => {
    window.removeEventListener("message", ask);
    model.off("msg:custom", answer);
  };
}

export default { render };
