"""The parts of class activation maps that tests compute with TensorFlow alone."""

import keras
import tensorflow as tf


def maps_and_gradients(model, x, targets, layer="last"):
    """With TensorFlow's gradients, on a model from the images to the layer and to the logits."""
    both = keras.Model(model.inputs[0], [model.get_layer(layer).output, model.outputs[0]])
    with tf.GradientTape() as tape:
        maps, logits = both(x)
        tape.watch(maps)
        score = tf.gather(logits, targets, batch_dims=1)
    return maps.numpy(), tape.gradient(score, maps).numpy()


def stretched(cam):
    """The maps of the shared models cover the images evenly, as this resizing has it."""
    return tf.image.resize(cam[..., None], (16, 16))[..., 0].numpy()
