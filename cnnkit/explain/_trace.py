"""A model's run as graphs: forwards, and backwards down to one layer.

A second model "from the input to this layer" cannot be built for nested, subclassed or reloaded
models. So the model runs as it is, once, while the `call` of the layer is replaced by one that also
takes a note of its output. TensorFlow traces this run to a graph: from then on only the graph runs,
with the weights that the model has at that time.
"""

import functools
import itertools
import weakref

import tensorflow as tf

from cnnkit._layers import layer_paths
from cnnkit.explain._image_axes import ancestors, image_axes
from cnnkit.explain._maps import last_maps
from cnnkit.explain._output_gradients import floats, output_gradients
from cnnkit.explain._recording import (
    exchange,
    one_call,
    outputs_through,
    recording,
    run,
)


class Trace:
    """A model's forward pass, and its backward pass down to one layer, as graphs.

    The weights are variables of the graphs, and so are read anew in each run.

    Args:
        model: The model, to which the trace has a weak reference only.
        layer: The layer whose output the activations are; None stands for the last that has maps
            of the image.
        call: Which of its calls that is, from 0. None: the only one.
        specs: A structure of `tf.TensorSpec`: what the model takes.
        training, run, image: As in `cnnkit.explain._engine.trace_of`.

    Attributes:
        forward: A function from inputs to `(activations, outputs)`.
        model, layer: Weak references.
        call: An integer.
        specs, image: As given.
    """

    def __init__(self, model, layer, call, specs, training=False, run=run, image=None):
        self.specs, self.image = specs, image
        self.model = weakref.ref(model)
        self.layer, self.call = reference(layer), call
        self._run, self._training = run, training
        self._kept = {}
        self.forward = graph_of(self._forward, specs)

    def capture(self, inputs):
        """The activations and the outputs as arrays, those of floats as float32."""
        activations, outputs = self.forward(inputs)
        return as_float32(activations), tf.nest.map_structure(as_array, outputs)

    def capture_gradients(self, inputs, score):
        """The activations, the gradients of a score with respect to them, and the outputs."""
        activations, outputs = self.forward(inputs)
        n_examples = tf.nest.flatten(inputs)[0].shape[0]
        gradients = output_gradients(score, outputs, n_examples)
        gradients = as_float32(self.backward(inputs, activations, gradients))
        return as_float32(activations), gradients, tf.nest.map_structure(as_array, outputs)

    def kept(self, make):
        """What the function `make` makes of this trace, made now or before."""
        if make not in self._kept:
            self._kept[make] = make(self)
        return self._kept[make]

    def _forward(self, inputs):
        model = self.model()
        layers = [self.layer()] if self.layer else layer_paths(model).values()
        with recording(layers) as records:
            outputs = self._run(model, inputs, self._training, self.image)
        names = [tensor.name for tensor in tf.nest.flatten(inputs)]
        if self.layer:
            graph = tf.nest.flatten(inputs)[0].graph
            self.call, activations = one_call(records, self.layer(), self.call, graph)
        else:
            layer, self.call, activations = last_maps(model, records, inputs, outputs, self.image)
            self.layer = weakref.ref(layer)
        self._activations = activations.name
        self._image = None if self.image is None else names[self.image]
        return activations, outputs

    @functools.cached_property
    def axes(self):
        """What `image_axes` finds for the activations; None if they do not depend on the image."""
        return self.image_axes.get(self._activations)

    @property
    def n_axes(self):
        """Along how many axes positions of the image lie; 2 if no image is known."""
        return 2 if self.image is None else tf.nest.flatten(self.specs)[self.image].shape.rank - 2

    @functools.cached_property
    def image_axes(self):
        """What `image_axes` finds for all tensors of the graph."""
        graph = self.forward.graph
        return image_axes(graph, graph.get_tensor_by_name(self._image))

    @functools.cached_property
    def reached(self):
        """For each of `floats(outputs)` whether it is computed from the activations."""
        op = self.forward.graph.get_tensor_by_name(self._activations).op.name
        return [op in ancestors([each]) for each in floats(self.forward.structured_outputs[1])]

    @property
    def passed(self):
        """Whether outputs computed from the activations depend on the image past them too."""
        outputs = floats(self.forward.structured_outputs[1])
        outputs = [each for each, reached in zip(outputs, self.reached, strict=True) if reached]
        tensors = [
            self.forward.graph.get_tensor_by_name(n) for n in (self._image, self._activations)
        ]
        image, activations = [tensor.op.name for tensor in tensors]
        return image in ancestors(outputs, past=activations)

    @functools.cached_property
    def backward(self):
        """The function from inputs, activations and output gradients to gradients."""
        activations, outputs = self.forward.structured_outputs
        specs = [as_it_is(output) for output in floats(outputs)]
        return graph_of(self._backward, self.specs, as_it_is(activations), specs)

    @functools.cached_property
    def connected(self):
        """For each of `floats(outputs)` whether it has a gradient for the activations.

        It has none if all ways to it are rounded or cut, as by `keras.ops.stop_gradient`.
        """
        found = []

        def try_each(inputs, activations):
            outputs, tape = self._go_on(inputs, activations, persistent=True)
            found[:] = [tape.gradient(output, activations) is not None for output in outputs]

        graph_of(try_each, self.specs, as_it_is(self.forward.structured_outputs[0]))
        return found

    def _backward(self, inputs, activations, output_gradients):
        outputs, tape = self._go_on(inputs, activations)
        zero = tf.UnconnectedGradients.ZERO
        return tape.gradient(outputs, activations, output_gradients, unconnected_gradients=zero)

    def _go_on(self, inputs, activations, persistent=False):
        """The outputs as computed from the activations on, and the tape that watched this."""
        calls = itertools.count()

        def feed(_, output):
            """Go on from the activations, so that nothing before the layer is computed again."""
            return exchange(output, activations) if next(calls) == self.call else output

        with tf.GradientTape(persistent, watch_accessed_variables=False) as tape:
            tape.watch(activations)
            with outputs_through(feed, [self.layer()]):
                outputs = floats(self._run(self.model(), inputs, self._training, self.image))
        return outputs, tape


def reference(layer):
    """A weak reference to a layer; None for None."""
    return None if layer is None else weakref.ref(layer)


def as_it_is(tensor):
    """The specification of a tensor, with its number of examples."""
    return tf.TensorSpec(tensor.shape, tensor.dtype)


def graph_of(function, *specs):
    """Trace a function of tensors to a TensorFlow graph."""
    # Keras does not convert Python's `if` and `for` to graphs either.
    return tf.function(function, autograph=False).get_concrete_function(*specs)


def as_array(tensor):
    return as_float32(tensor) if tensor.dtype.is_floating else tensor.numpy()


def as_float32(tensor):
    return tf.cast(tensor, tf.float32).numpy()
