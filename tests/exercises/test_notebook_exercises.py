"""Every exercise with its solution, with nothing, and with wrong answers of all kinds."""

import inspect
import warnings

import keras
import numpy as np
import pytest

from cnnkit import reference
from cnnkit.exercises import (
    nb01,
    nb01b,
    nb02,
    nb02b,
    nb03,
    nb04,
    nb04b,
    nb05,
    nb05b,
    nb06,
    nb06b,
    nb07,
    nb07b,
)
from cnnkit.exercises._exercise import (
    NOT_ATTEMPTED,
    Exercise,
    FaultyLine,
    Function,
    LineOrder,
    Number,
)

ALL = {
    f"{module.__name__.rpartition('.')[2]}.{name}": item
    for module in (
        *(nb01, nb01b, nb02, nb02b, nb03, nb04, nb04b, nb05, nb05b, nb06, nb06b, nb07),
        nb07b,
    )
    for name, item in vars(module).items()
    if isinstance(item, Exercise)
}
FUNCTIONS = {name: item for name, item in ALL.items() if isinstance(item, Function)}
each = pytest.mark.parametrize("exercise", ALL.values(), ids=ALL)


def is_function(exercise):
    return isinstance(exercise, Function)


def wrong_orders(exercise, early, late):
    """Letters of the right order, with `early` before `late`, or `late` after `early`."""
    right = exercise.right_answer()
    one, other = right[early - 1], right[late - 1]
    return [
        right.replace(one, "").replace(other, one + other),
        right.replace(other, "").replace(one, one + other),
    ]


def mistakes(exercise):
    """The usual mistakes as pairs of answers, of which one must be recognised, and their text."""
    if isinstance(exercise, LineOrder):
        return [(wrong_orders(exercise, *pair), text) for pair, text in exercise.mistakes]
    return [([answer], text) for answer, text in exercise.mistakes]


def n_mistakes(exercise):
    """How many of them there are at least, where there are so many."""
    if isinstance(exercise, FaultyLine | LineOrder):
        return min(3, len(exercise.lines) - 1)
    if isinstance(exercise, Number):
        return 2
    return min(5, len(exercise.choices) - 1) if getattr(exercise, "choices", ()) else 5


def like(exercise, value):
    """An answer of the exercise's kind: `value`, or a function that returns it."""
    return (lambda *args: value) if is_function(exercise) else value


@each
def test_the_solution_is_right(exercise, capsys):
    assert exercise.check(exercise.right_answer()) is True
    assert capsys.readouterr().out.startswith("Correct.")


@each
def test_not_attempted(exercise, capsys):
    assert exercise.check(...) is False
    assert capsys.readouterr().out == NOT_ATTEMPTED + "\n"
    if is_function(exercise):
        assert exercise.check(lambda *args: ...) is False
        assert capsys.readouterr().out == NOT_ATTEMPTED + "\n"


@each
def test_each_usual_mistake_gets_its_own_message(exercise, capsys):
    assert len(exercise.mistakes) >= n_mistakes(exercise) and len(exercise.hints) >= 1
    for answers, text in mistakes(exercise):
        assert not any([exercise.check(answer) for answer in answers])
        out = capsys.readouterr().out
        assert text in out and out.startswith(("Not yet: ", "Your code raised"))
        if is_function(exercise):
            assert f"`{exercise.answer.__name__}(" in out, "it says in which case"
    assert len({text for _, text in exercise.mistakes}) == len(exercise.mistakes)


WRONG = (
    None,
    "seven",
    [[1.0, 2.0]],
    np.zeros((2, 3, 4, 5, 6)),
    {},
    (x for x in ()),
    np.nan,
    object,
)


@each
def test_wrong_types_and_shapes_are_told(exercise, capsys):
    for value in WRONG:
        assert exercise.check(like(exercise, value)) is False, value
        assert capsys.readouterr().out.startswith("Not yet: "), value


@each
def test_functions_for_values_and_values_for_functions(exercise, capsys):
    assert exercise.check(3 if is_function(exercise) else lambda: 3) is False
    wanted = {Function: "a function, as in", LineOrder: "a text with each of the letters"}
    kinds = [text for kind, text in wanted.items() if isinstance(exercise, kind)]
    wanted = kinds[0] if kinds else "a value, not a function."
    assert f"Not yet: the answer is {wanted}" in capsys.readouterr().out


@pytest.mark.parametrize("exercise", FUNCTIONS.values(), ids=FUNCTIONS)
def test_code_that_raises(exercise, capsys):
    def answer(*args):
        return 1 / 0

    assert exercise.check(answer) is False
    out = capsys.readouterr().out
    raised = "Your code raised ZeroDivisionError: division by zero, in `return 1 / 0`. The call was"
    assert out.startswith(f"{raised} `{exercise.answer.__name__}(") and out.endswith(")`.\n")
    assert exercise.check(lambda: 3) is False  # takes no arguments
    assert "TypeError" in capsys.readouterr().out


@each
def test_hints_stay_and_end(exercise, capsys):
    count = len(exercise.hints)
    for number in range(1, count + 1):
        exercise.check(like(exercise, number / 7))  # another wrong answer each time
        for _ in range(2):
            capsys.readouterr()
            exercise.hint()
            *lines, last = capsys.readouterr().out.splitlines()
            expected = [f"Hint {i + 1} of {count}: {exercise.hints[i]}" for i in range(number)]
            assert lines == expected
            assert last.startswith("There are no more" if number == count else "For the next hint")


@each
def test_the_solution_is_the_tested_function(exercise, capsys):
    exercise.solution()
    shown = capsys.readouterr().out
    if isinstance(exercise, LineOrder):
        assert exercise.check(shown.split("\n")[0]) is True and exercise.answer.__doc__
        return
    assert shown.startswith(f"def {exercise.answer.__name__}(") and "\n@" not in shown
    assert shown.strip() in inspect.getsource(exercise.answer)
    namespace = {"np": np, "keras": keras, "riddle": nb02.riddle}
    exec(shown, namespace)
    answer = namespace[exercise.answer.__name__]
    assert exercise.check(answer if is_function(exercise) else answer())


@each
def test_random_numbers_are_not_right(exercise, capsys):
    rng = np.random.default_rng(5)
    outcomes = exercise.outcomes(exercise.answer) if is_function(exercise) else ()
    right = outcomes[0] if outcomes else exercise.right_answer()
    if isinstance(right, str):
        pytest.skip("a choice, or an order")
    parts = right if isinstance(right, tuple) and is_function(exercise) else (right,)
    noise = tuple(rng.normal(size=np.shape(part)) for part in parts)
    assert exercise.check(like(exercise, noise if len(noise) > 1 else noise[0])) is False
    told = capsys.readouterr().out
    assert told.startswith("Not yet: ") and ("Expected: " in told) == is_function(exercise)


# What single exercises say


def network_not_compiled(images, labels):
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10)])
    return model, images.reshape(-1, 64) / 255, labels


def network_of_other_input(images, labels):
    model, x, labels = nb05b.first_network.answer(images, labels)
    return model, x[:5], labels


def small_network(images, labels, scale=255, start="glorot_uniform", rate=0.3, order=None, cut=64):
    x = images.reshape(-1, cut) / scale
    layers = [keras.layers.Dense(n, kernel_initializer=start) for n in (8, 10)]
    model = keras.Sequential([keras.Input((cut,)), *layers])
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model, x if order is None else x[order], labels


BROKEN_NETWORKS = [
    (dict(scale=1), "Which range should the pixels have?"),
    (dict(scale=1, rate=0.001), "in place of shrinking the rate"),
    (dict(start="zeros"), "With equal first weights"),
    (dict(start="ones"), "With equal first weights"),
    (dict(rate=0.0003), "At this rate the weights hardly move"),
    (dict(rate=30.0), "At this rate each step overshoots"),
    (dict(order=np.arange(30)[::-1]), "The images are in another order than their labels"),
    (dict(cut=8), "keep the `reshape`"),
    (dict(labels=np.zeros(30) + 0.5), "The labels are class numbers"),
]


@pytest.mark.parametrize("fault, text", BROKEN_NETWORKS)
def test_a_broken_network_is_told_its_fault(fault, text, capsys):
    def answer(images, labels):
        return small_network(**{"images": images, "labels": labels} | fault)

    assert text in told(nb05b.third_network, answer, capsys)


def test_a_text_is_no_network(capsys):
    assert "gave the text" in told(
        nb05b.first_network, lambda *a: "a network that can learn", capsys
    )


def test_a_network_alone_is_told_by_its_kind(capsys):
    out = told(nb05b.third_network, lambda *a: nb05b.third_network.answer(*a)[0], capsys)
    assert "gave one Sequential, and not (model, x, labels). Expected: a network" in out


def test_zeros_in_the_last_layer_alone_are_no_fault(capsys):
    def answer(images, labels, hidden="glorot_uniform"):
        model, x, labels = nb05b.second_network.answer(images, labels)
        for layer, start in zip(model.layers, (hidden, "zeros"), strict=True):
            kernel = layer.kernel
            kernel.assign(keras.initializers.get(start)(kernel.shape))
        return model, x, labels

    assert nb05b.second_network.check(answer) is True
    out = told(nb05b.second_network, lambda *a: answer(*a, hidden="zeros"), capsys)
    assert "with zeros none of them moves" in out


def test_a_function_that_draws_itself_is_told_so(capsys):
    rng = np.random.default_rng(0)
    out = told(nb05b.draw_rates, lambda low, high, uniform: rng.random(len(uniform)), capsys)
    assert "This draws numbers itself" in out


@pytest.mark.parametrize("optimizer", [keras.optimizers.Adam(0.003), keras.optimizers.SGD(0.1)])
def test_a_network_may_be_mended_in_other_ways(optimizer):
    def standardized(images, labels):
        model, x, labels = nb05b.first_network.answer(images, labels)
        model.compile(optimizer, model.loss)
        return model, (images.reshape(-1, 64) - images.mean()) / images.std(), labels

    assert nb05b.first_network.check(standardized) is True
    assert nb05b.fourth_network.check(standardized) is True


def split_other_way(names, share):
    animals = np.unique(names)
    return np.isin(names, animals[round(share * len(animals)) :])


def hits_of_all(labels, predicted):
    hits = np.sum(labels & predicted)
    return hits / len(labels), hits / np.sum(labels)


def precision_unordered(labels, scores):
    ranked = labels[np.argsort(-scores)]
    return (np.cumsum(ranked) / np.arange(1, len(ranked) + 1))[labels == 1].mean()


def gap_of_true_class(p_dog, labels):
    return np.where(labels == 1, p_dog, 1 - p_dog).mean() - np.mean((p_dog > 0.5) == labels)


def precision_from_zero(labels, scores):
    ranked = labels[np.argsort(-scores)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.mean((np.cumsum(ranked) / np.arange(len(labels)))[ranked == 1])


def differ_and_agree(first, second, labels):
    differ = first != labels, second != labels
    return np.sum(differ[0] != differ[1]), np.sum(differ[0] == differ[1])


def lost_of_answers(predict, images, labels, change):
    answers = predict(images)
    return np.mean(answers == labels) - np.mean(change(answers) == labels)


def lost_by_changing(predict, images, labels, change):
    images[:] = change(images)
    return np.mean(predict(images) == labels)


def told(exercise, answer, capsys):
    assert exercise.check(answer) is False
    return capsys.readouterr().out


# The message of an error shows its line, so these do not stand beside what is expected.
def list_transposed(x):
    return x @ [[1, 0], [-1, 0]].T


def largest_of_all(x):
    return max(0, x @ np.eye(2))


def largest_by_numpy(x):
    return np.max(0, x @ np.eye(2))


def product_by_places(x):
    return np.maximum(0, x * np.ones((4, 2)).T)


def quadrants_untransposed(x):
    W1 = np.array([[1, 1], [-1, -1], [1, -1], [-1, 1]])
    return np.maximum(0, x @ W1) @ [1, 1, -1, -1] > 0


def quadrants_with_axes(x):
    W1 = np.array([[1, 1], [-1, -1], [1, -1], [-1, 1]])
    return np.maximum(0, x @ W1.T) @ [1, 1, -1, -1] >= 0


def standardize_in_turn(train, test):
    std = np.where(train.std(axis=0) == 0, 1, train.std(axis=0))
    train = train - train.mean(axis=0)
    test = test - train.mean(axis=0)
    return train / std, test / std


def standardize_plus(epsilon):
    def standardize(train, test):
        mean, std = train.mean(axis=0), train.std(axis=0) + epsilon
        return (train - mean) / std, (test - mean) / std

    return standardize


def standardize_and_put_1(train, test):
    mean, std = train.mean(axis=0), train.std(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return tuple(np.where(std == 0, 1, (x - mean) / std) for x in (train, test))


def standardize_and_put_0(train, test):
    mean, std = train.mean(axis=0), train.std(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = (train - mean) / std, (test - mean) / std
    return tuple(np.where(np.isnan(x), 0, x) for x in scaled)


def standardize_each_by_row(train, test):
    mean, std = train.mean(axis=1, keepdims=True), train.std(axis=1, keepdims=True)
    return (train - mean) / std, (test - mean) / std


def standardize_without_brackets(train, test):
    mean, std = train.mean(axis=0), train.std(axis=0)
    std = np.where(std == 0, 1, std)
    return train - mean / std, test - mean / std


def standardize_test_without_brackets(train, test):
    mean, std = train.mean(axis=0), train.std(axis=0)
    std = np.where(std == 0, 1, std)
    return (train - mean) / std, test - mean / std


def standardize_by_row(train, test):
    mean, std = train.mean(axis=1), train.std(axis=1)
    return (train - mean) / std, (test - mean) / std


def cell_sums_in_uint8(image, size):
    total = np.zeros_like(image[::size, ::size])
    for i, j in np.ndindex(size, size):
        total = total + image[i::size, j::size]
    return total / size**2


def cell_means_over_cells(image, size):
    cells = image.reshape(len(image) // size, size, image.shape[1] // size, size)
    return cells.mean(axis=(0, 2))


def cell_means_of(slices, dtype=float):
    """An answer that cuts a cell out by these slices."""

    def cell_means(image, size):
        means = np.zeros((image.shape[0] // size, image.shape[1] // size), dtype)
        for i, j in np.ndindex(means.shape):
            with warnings.catch_warnings(action="ignore"):  # of the mean of nothing
                means[i, j] = eval(f"image[{slices}]").mean()
        return means

    return cell_means


def cell_means_in(dtype):
    return cell_means_of("i * size : (i + 1) * size, j * size : (j + 1) * size", dtype)


def correlate_beyond_the_edge(image, kernel):
    h, w = kernel.shape
    output = np.zeros(image.shape)
    for i, j in np.ndindex(image.shape):
        output[i, j] = (image[i : i + h, j : j + w] * kernel).sum()
    return output


def correlate_by_matrix_product(image, kernel):
    (h, w), output = kernel.shape, []
    for i in range(len(image) - h + 1):
        windows = [image[i : i + h, j : j + w] for j in range(image.shape[1] - w + 1)]
        output.append([(window @ kernel).sum() for window in windows])
    return output


def correlate_flattened(image, kernel):
    return np.correlate(image.flatten(), kernel.flatten())


def layer_by_first_axis(image, weights, bias):
    h, w, _, filters = weights.shape
    return [(image[:h, :w] * weights[f]).sum() + bias[f] for f in range(filters)]


def layer_of_all_filters(image, weights, bias):
    h, w = weights.shape[:2]
    return (image[:h, :w] * weights).sum()


def pool_by_two(image, size):
    h, w = image.shape[0] // 2, image.shape[1] // 2
    return image[: 2 * h, : 2 * w].reshape(h, 2, w, 2).max(axis=(1, 3))


def pool_of_windows_by_two(image, size):
    output = np.zeros((image.shape[0] // size, image.shape[1] // size))
    for i, j in np.ndindex(output.shape):
        output[i, j] = image[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max()
    return output


def field_in_first_round(layers):
    size, jump = 1, 1
    for kernel, stride in layers:
        size += (kernel - 1) * jump
        jump *= stride
        return size


def momentum_in_place(start, gradient, rate, momentum, n_steps):
    w, v = start, 0
    for _ in range(n_steps):
        v = momentum * v - rate * gradient(w)
        w += v
    return w


def fold_with_new_axis(kernel, bias, gamma, beta, mean, variance):
    scale = gamma / np.sqrt(variance + 1e-3)
    return kernel * scale[:, None], (bias - mean) * scale + beta


def moving_in_place(moving_mean, moving_variance, x, momentum):
    moving_mean *= momentum
    moving_mean += (1 - momentum) * x.mean(axis=0)
    return moving_mean, momentum * moving_variance + (1 - momentum) * x.var(axis=0)


def dropout_by_own_numbers(x, rate, uniform):
    return keras.ops.convert_to_numpy(keras.layers.Dropout(rate, seed=0)(x, training=True))


def stop_if_lowest(losses, patience, min_delta):
    """Compares with the lowest loss, but counts a gain only if it is large."""
    best, waited = 0, 0
    for epoch in range(1, len(losses)):
        waited = 0 if losses[epoch] < losses[best] - min_delta else waited + 1
        best = epoch if losses[epoch] < losses[best] else best
        if waited == patience:
            break
    return best


def stops_or_never(losses, patience, min_delta):
    epoch = stops_at(losses, patience, min_delta)
    return epoch if epoch != nb05.early_stop.answer(losses, patience, min_delta) else None


def stops_at(losses, patience, min_delta):
    best, waited = 0, 0
    for epoch in range(1, len(losses)):
        waited += 1
        if losses[epoch] < losses[best] - min_delta:
            best, waited = epoch, 0
        if waited == patience:
            return epoch
    return best


def dropout_in_place(x, rate, uniform):
    x[uniform < rate] = 0
    return x / (1 - rate)


def seen_changed_again(images, augment, n_epochs, seed):
    rng, seen = np.random.default_rng(seed), []
    for _ in range(n_epochs):
        images = augment(images, rng)
        seen.append(images)
    return np.stack(seen)


def center_without_radians(degrees, height, width):
    c, s, x, y = np.cos(degrees), np.sin(degrees), (width - 1) / 2, (height - 1) / 2
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    there, back = np.eye(3), np.eye(3)
    there[:2, 2], back[:2, 2] = (-x, -y), (x, y)
    return back @ turn @ there


def center_by_stars(degrees, height, width):
    a, x, y = np.radians(degrees), (width - 1) / 2, (height - 1) / 2
    c, s = np.cos(a), np.sin(a)
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    there, back = np.eye(3), np.eye(3)
    there[:2, 2], back[:2, 2] = (-x, -y), (x, y)
    return back * turn * there


def turned_about_first(angle):
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])


def center_of_whole_pixels(degrees, height, width):
    x, y = (width - 1) // 2, (height - 1) // 2
    there, back = np.eye(3), np.eye(3)
    there[:2, 2], back[:2, 2] = (-x, -y), (x, y)
    return back @ turned_about_first(np.radians(degrees)) @ there


def mixup_with_itself(x, y, weight, order):
    return weight * x + (1 - weight) * x[order], weight * y + (1 - weight) * y


def mixup_backwards(x, y, weight, order):
    return weight * x + (1 - weight) * x[::-1], weight * y + (1 - weight) * y[::-1]


def mixup_by_inverse_order(x, y, weight, order):
    mixed_x, mixed_y = np.empty_like(x), np.empty_like(y)
    mixed_x[order] = weight * x[order] + (1 - weight) * x
    mixed_y[order] = weight * y[order] + (1 - weight) * y
    return mixed_x, mixed_y


def cutmix_undivided(height, width, top, left, rows, columns):
    return 1 - min(rows, height - top) * min(columns, width - left)


def cutmix_of_patch(height, width, top, left, rows, columns):
    return 1 - min(rows, height - top) * min(columns, width - left) / (rows * columns)


def cutmix_without_brackets(height, width, top, left, rows, columns):
    bottom, right = min(top + rows, height), min(left + columns, width)
    return 1 - (bottom - top) * (right - left) / height * width


def cutmix_of_rows(height, width, top, left, rows, columns):
    return 1 - min(rows, height - top) * columns / (height * width)


def cutmix_one_fewer(height, width, top, left, rows, columns):
    bottom, right = min(top + rows, height) - 1, min(left + columns, width) - 1
    return 1 - (bottom - top) * (right - left) / (height * width)


def cutmix_to_last_row(height, width, top, left, rows, columns):
    rows, columns = min(rows, height - 1 - top), min(columns, width - 1 - left)
    return 1 - rows * columns / (height * width)


def mixup_of_partners(x, y, weight, order):
    x, y = x[order], y[order]
    return weight * x + (1 - weight) * x[order], weight * y + (1 - weight) * y[order]


def predict_mean_image(predict, images):
    return predict((images + images[:, :, ::-1]) / 2)


def predict_and_turn_answers(predict, images):
    return (predict(images) + predict(images)[:, ::-1]) / 2


def seen_from_one_seed(images, augment, n_epochs, seed):
    return np.stack([augment(images, np.random.default_rng(seed)) for _ in range(n_epochs)])


def unfreeze_by_negative_slice(load, n):
    model = load()
    model.trainable = True
    for layer in model.layers:
        norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = layer in model.layers[-n:] and not norm
    return sum(w.numpy().size for w in model.trainable_weights)


def unfreeze_with_norms(load, n):
    model = load()
    for i, layer in enumerate(model.layers):
        layer.trainable = i >= len(model.layers) - n
    return sum(w.numpy().size for w in model.trainable_weights)


def unfreeze_by_layers(load, n):
    model = load()
    for i, layer in enumerate(model.layers):
        norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = i >= len(model.layers) - n and not norm
    return sum(w.numpy().size for w in model.trainable_weights)


def unfreeze_without_freezing(load, n):
    model = load()
    model.trainable = True
    for layer in model.layers[-n:]:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    return sum(w.numpy().size for w in model.trainable_weights)


def unfreeze_slice_with_norms(load, n):
    model = load()
    model.trainable = True
    for layer in model.layers[:-n] if n else []:
        layer.trainable = False
    return sum(w.numpy().size for w in model.trainable_weights)


def regime_by_spread(accuracies, n_photos):
    means = accuracies.mean(axis=1)
    return int(np.flatnonzero(means >= means.max() - accuracies.std())[0])


def regime_over_ways(accuracies, n_photos):
    means = accuracies.mean(axis=0)
    error = np.sqrt(means.max() * (1 - means.max()) / n_photos)
    return np.argmax(means >= means.max() - error)


def regime_by_largest(accuracies, n_photos):
    best = accuracies.max()
    error = np.sqrt(best * (1 - best) / n_photos)
    return np.flatnonzero(accuracies.mean(axis=1) >= best - error)[0]


def regime_by_own_errors(accuracies, n_photos):
    means = accuracies.mean(axis=1)
    errors = np.sqrt(means * (1 - means) / n_photos)
    return np.argmax(means >= means.max() - errors)


def backward_by_wrong_windows(delta, image, kernel, stride):
    image_gradient, kernel_gradient = np.zeros(image.shape), np.zeros(kernel.shape)
    h, w = kernel.shape
    for i, j in np.ndindex(delta.shape):
        image_gradient[i : i + h, j : j + w] += delta[i, j] * kernel
        kernel_gradient += delta[i, j] * image[i : i + h, j : j + w]
    return image_gradient, kernel_gradient


def backward_like(image_too=True, kernel_too=True):
    """With arrays of the type of the image, of the kernel, or of both."""

    def answer(delta, image, kernel, stride):
        image_gradient = np.zeros_like(image) if image_too else np.zeros(image.shape)
        kernel_gradient = np.zeros_like(kernel) if kernel_too else np.zeros(kernel.shape)
        h, w = kernel.shape
        for i, j in np.ndindex(delta.shape):
            y, x = i * stride, j * stride
            image_gradient[y : y + h, x : x + w] += delta[i, j] * kernel
            kernel_gradient += delta[i, j] * image[y : y + h, x : x + w]
        return image_gradient, kernel_gradient

    return answer


def backward_by_rows_alone(delta, image, kernel, stride):
    image_gradient, kernel_gradient = np.zeros(image.shape), np.zeros(kernel.shape)
    k = len(kernel)
    for i, j in np.ndindex(delta.shape):
        y, x = i * stride, j * stride
        image_gradient[y : y + k, x : x + k] += delta[i, j] * kernel
        kernel_gradient += delta[i, j] * image[y : y + k, x : x + k]
    return image_gradient, kernel_gradient


def backward_of_squares(delta, *others):
    n = len(delta)
    return backward_by_rows_alone(delta[:n, :n], *others)


def backward_with_stride_once(delta, image, kernel, stride):
    image_gradient, _ = nb02b.conv_backward.answer(delta, image, kernel, stride)
    kernel_gradient, (h, w) = np.zeros(kernel.shape), kernel.shape
    for i, j in np.ndindex(delta.shape):
        kernel_gradient += delta[i, j] * image[i : i + h, j : j + w]
    return image_gradient, kernel_gradient


def backward_by_stamps_and_sliding(delta, image, kernel, stride):
    image_gradient, _ = nb02b.conv_backward.answer(delta, image, kernel, stride)
    return image_gradient, reference.correlate2d(image, delta)


def backward_in_strides(delta, image, kernel, stride):
    image_gradient, kernel_gradient = np.zeros(image.shape), np.zeros(kernel.shape)
    h, w = kernel.shape
    for i in range(0, stride * delta.shape[0], stride):
        for j in range(0, stride * delta.shape[1], stride):
            image_gradient[i : i + h, j : j + w] += delta[i, j] * kernel
            kernel_gradient += delta[i, j] * image[i : i + h, j : j + w]
    return image_gradient, kernel_gradient


def backward_by_windows_alone(delta, image, kernel, stride):
    image_gradient, _ = nb02b.conv_backward.answer(delta, image, kernel, stride)
    kernel_gradient, (h, w) = np.zeros(kernel.shape), kernel.shape
    for i, j in np.ndindex(delta.shape):
        y, x = i * stride, j * stride
        kernel_gradient += image[y : y + h, x : x + w]
    return image_gradient, kernel_gradient


def backward_like_and_turned(delta, image, kernel, stride):
    return backward_like()(delta, image, kernel[::-1, ::-1], stride)


def gradient_without_keepdims(scores, labels):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum(axis=1)


def gradient_by_labels(scores, labels):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True) - labels


def gradient_of_ten_classes(scores, labels):
    return scores - np.eye(10)[labels]


def clip_in_place(gradient, limit):
    gradient /= np.linalg.norm(gradient)
    return gradient * limit


def adamw_by_function(start, gradient, rate, decay, n_steps):
    return start - rate * decay * start - rate * gradient


def vgg_in_place(images):
    images -= np.array([123.68, 116.779, 103.939])
    return images[..., ::-1]


def patches_without_step(image, size):
    rows, columns = image.shape[0] // size, image.shape[1] // size
    corners = [(i, j) for i in range(rows) for j in range(columns)]
    return np.array([image[i : i + size, j : j + size].reshape(-1) for i, j in corners])


def patches_of_squares(image, size):
    starts = range(0, image.shape[0], size)
    corners = [(i, j) for i in starts for j in starts]
    return np.array([image[i : i + size, j : j + size].reshape(-1) for i, j in corners])


SAID = [
    (nb01.overflow, 5, "the first number to become 0 is 256"),
    (nb01.quadrants, quadrants_untransposed, "as in `x @ W1.T`"),
    (nb01.quadrants, lambda x: x[:, 0] > x[:, 1], "of 60 values are wrong."),
    (nb01.faulty_difference, 6, "Not yet: The type float32 is right"),
    (nb01.quadrants, list_transposed, "A list has no `.T`"),
    (nb01.quadrants, largest_of_all, "`np.maximum(0, x)` works place by place"),
    (nb01.quadrants, largest_by_numpy, "`np.max(...)` makes one number. `np.maximum(0, x)`"),
    (nb01.quadrants, product_by_places, "A product of matrices is `@`."),
    (
        nb01.quadrants,
        lambda x: x[:, 0] * x[:, 1] > 0,
        "no unit multiplies its inputs by each other",
    ),
    (nb01.quadrants, quadrants_with_axes, "A point on an axis lies in no quadrant"),
    (nb01.quadrants, lambda x: abs(x[:, 0]) > abs(x[:, 1]), "Compare |x1 + x2| with |x1 - x2|"),
    (nb01.batch_shape, (3, 32, 160, 240), "how many photos there are stands first"),
    (nb01.batch_shape, (32, 240, 3, 160), "in (32, 240, 3, 160) the second number is wrong."),
    (nb01.to_channels_last, lambda images: images[..., ::-1], "leaves the axes where they are"),
    (nb01.to_channels_last, lambda images: images[:, ::-1], "leaves the axes where they are"),
    (nb01.phone_photo_parameters, 14_400_000_400, "These are bytes"),
    (nb01.phone_photo_parameters, 14_400, "These are megabytes"),
    (nb01b.standardize, standardize_without_brackets, "Put brackets: `(train - mean) / std`"),
    (nb01b.standardize, standardize_test_without_brackets, "Put brackets: `(test - mean) / std`"),
    (nb01b.stripe_feature, "x1^2", "'x1^2' is none of the choices. Choose one of \"coordinate\","),
    (nb01b.stripe_feature, 3, "3 is none of the choices. Choose one of"),
    (nb01b.faulty_accuracy, "7", "from 1 to 8, without quotation marks. Received: '7'"),
    (nb01b.standardize, standardize_in_turn, "A `train` that has been centred"),
    (nb01b.standardize, standardize_plus(1e-7), "Adding 1e-07 keeps NaN out"),
    (nb01b.standardize, standardize_and_put_1, "The 1 belongs in the place of the deviation"),
    (nb01b.standardize, standardize_each_by_row, "`axis=0` makes one for each column"),
    (nb01b.standardize, standardize_and_put_0, "9 - 7 = 2"),
    (nb01b.sigmoid_slope, 0.125, "Or have you counted four sigmoids?"),
    (nb01b.cell_means, cell_means_over_cells, "Which two axes"),
    (nb01b.standardize, standardize_by_row, "`axis=0` makes one for each column"),
    (nb01b.sigmoid_slope, 0.03125, "1/32 is three slopes and one weight"),
    (nb01b.cell_means, cell_sums_in_uint8, "does not fit into uint8"),
    (nb01b.cell_means, cell_means_in(np.uint8), "whole numbers, such as uint8"),
    (nb01b.cell_means, cell_means_of("i * size : i + size, j * size : j + size"), "is empty"),
    (
        nb01b.cell_means,
        cell_means_of("j * size : (j + 1) * size, i * size : (i + 1) * size"),
        "`i` c",
    ),
    (nb01b.cell_means, cell_means_of("i : i + size, j : j + size"), "`* size` is missing"),
    (nb01b.faulty_accuracy, 6, "Not yet: The classifier learns from standardised"),
    (nb01b.box_around, lambda mask: mask.sum(), "gave one number, 19. Expected: a tuple of 4"),
    (nb02.correlate2d, correlate_beyond_the_edge, "beyond the end of an array comes out shorter"),
    (nb02.correlate2d, correlate_by_matrix_product, "number by number: with `*`, not `@`"),
    (nb02.correlate2d, correlate_flattened, "in a flattened image those below are far away"),
    (nb02.conv_layer, layer_of_all_filters, "`[..., i]` takes one place"),
    (nb02.conv_layer, layer_by_first_axis, "`[..., f]` takes one of the last"),
    (nb02.conv_layer, lambda x, *others: nb02.correlate2d.answer(x, x), "are 2 names"),
    (nb02.second_cell, 11, "11 is too small."),
    (nb02.second_cell, 14, "one row too low"),
    (nb02.second_cell, 15.4, "15.4 is too small, but close."),
    (nb02.conv_layer, lambda *arguments: np.zeros((4, 4, 4)), "gave 0 at [0, 0, 0]. Expected"),
    (nb02.find_kernel, np.ones((5, 5)), "of shape (3, 3). Received: one of shape (5, 5)"),
    (nb02.faulty_shift, 6.5, "a line, from 1 to 7"),
    (nb02.output_size, lambda size, *others: size / 2, "dilation_rate=1)` gave 3.5. Expected: 5"),
    (nb02.layer_parameters, 13_000, "13000 is too large, but close."),
    (nb02.layer_parameters, 32 * 32 * 16 * 32, "32 x 32 is the size of the maps"),
    (nb02.second_moves_along, 16, "After sixteen too"),
    (nb02.layer_order, "BADC", "each of the letters A to G once"),
    (nb02.shuffled_convolution, "better", "Choose one of"),
    (nb02.costs, lambda *case: 448, "gave one number, 448. Expected: a tuple of 2"),
    (nb03.max_pool, lambda image, size: image, "shape (6, 4). Expected: an array of shape (3, 2)."),
    (nb03.max_pool, pool_by_two, "A 2 stands in place of `size`"),
    (nb03.max_pool, pool_of_windows_by_two, "each has 2 x 2 pixels, whatever `size` is"),
    (nb03.relu_after_average, 1.5, "1.5 is too large."),
    (nb03.relu_after_average, 4, "the sum, not yet divided by 4"),
    (nb03.relu_after_average, 3, "keeps the sign of -4"),
    (nb03.faulty_gradient, 7.5, "a line, from 1 to 8"),
    (nb03.layer_order, "FEDCBAG", "each of the letters A to F once"),
    (nb03.stochastic_mean, lambda window: window.sum(), "(window=[1, 3, 6, 2])` gave 12. Expected"),
    (nb03.strided_saving, 3, "So many times as many come on top"),
    (nb03.strided_saving, 4.5, "Compare how many places"),
    (nb03.dense_parameters, (64 * 2 * 2 + 1) * 128, "after four pools. There are three."),
    (nb03.receptive_field, field_in_first_round, "Does `return` stand inside the loop?"),
    (nb03.receptive_field, lambda layers: 7, "(layers=[(3, 1), (2, 2), (3, 1), (2, 2), (3, 1), ("),
    (nb03.receptive_field, lambda layers: (18, 8), "gave the tuple (18, 8). Expected: one number"),
    (nb04.batch_norm, lambda x, gamma, beta: x, "beta=[array of 6])` gave 4.80"),
    (nb04.steps_to_forget, 456, "456 is too small, but close."),
    (nb04.steps_to_forget, 400.5, "400.5 is too small."),
    (nb04.mean_size, 3_000, "3000 is too small."),
    (nb04.batch_of_one, 3.5, "3.5 is too large"),
    (nb04.faulty_inference, 11, "from 1 to 10"),
    (nb04.network_order, "ABC", "each of the letters A to I once"),
    (nb04.group_norm, lambda x, groups: 0 * x, "Expected: "),
    (nb04.fold, lambda w, b, *others: (w, b), "gave 2 results. The first is "),
    (nb04.fold, lambda w, b, g, *rest: (w * g[:, None], b), "do not match"),
    (nb04.fold, fold_with_new_axis, "`kernel * scale` scales the columns"),
    (nb04.update_moving, moving_in_place, "Write `moving_mean = moving_mean * momentum`"),
    (nb05.dropout, lambda x, rate, uniform: 2 * x * (uniform >= rate), "A factor of 2 is right"),
    (nb05.dropout, dropout_by_own_numbers, "Draw no random numbers of your own."),
    (nb05.dropout, lambda x, *others: x[:2], "Expected: an array of shape (3, 4)"),
    (nb05.early_stop, stop_if_lowest, "makes no new best, in the waiting and in the answer."),
    (nb05.dropout, dropout_in_place, "you changed `x` in `x[uniform < rate] = 0`"),
    (nb05.early_stop, stops_at, "Where the patience ends, this is the epoch at which"),
    (nb05.early_stop, stops_or_never, "This is the epoch at which training stops. Return the best"),
    (nb05.accuracy_of_truth, 0.95, "0.95 is too large."),
    (nb05.stopping_order, "ABC", "each of the letters A to H once"),
    (nb05.stopping_order, "DACGBEHF", "in each round of the loop"),
    (nb05.stopping_order, "DCABGEHF", "only if the loss is a new best"),
    (nb05.early_stop, lambda losses, *others: losses.index(min(losses)), "not trained any more"),
    (nb05.early_stop, lambda *others: 0, "patience=3, min_delta=0)` gave 0. Expected: 3."),
    (nb05.wrong_mean, 3, "3 is too small."),
    (nb05.faulty_dropout, 11, "from 1 to 10"),
    (nb05.gain_of_mean, 25, "The gain is the variance of the answers, whatever is right."),
    (nb05.gain_of_mean, 8, "Accepted is what is at most 0.1 from the right answer."),
    (nb05.autoencoder_parameters, 402_000, "402000 is too small, but close."),
    (nb05.l2_step, lambda weights, *others: 0 * weights, "Expected: "),
    (nb05.l2_step, lambda w, g, r, p: w - r * (g + 2 * p * np.sum(w)), "the sum over all weights"),
    (nb06.log_gain, 7, "Accepted is what is at most 0.05 from the right answer."),
    (nb06.log_gain, 6, "More than two factors of ten"),
    (nb06.log_gain, 234.375, "Now count the tens"),
    (nb06.log_gain, 3 * (np.log10(300) - 1.28), "the logarithm of both numbers"),
    (nb06.n_crops, 2 * (256 / 224) ** 2, "This compares two areas"),
    (nb06.n_crops, 2177, "2177 is too small, but close."),
    (nb06.n_crops, 131_072, "Not every pixel can be a crop's corner"),
    (nb06.mirror_arrow, lambda image, label: image[:, ::-1], "Expected: a tuple of 2"),
    (nb06.mirror_arrow, lambda image, label: (image[:, ::-1], 2 - label), "but 3, down, stays 3"),
    (nb06.mirror_arrow, lambda image, label: image[:, :, ::-1], "no batch axis"),
    (nb06.mirror_arrow, lambda image, label: (np.fliplr(image), 3 - label), "makes down of left"),
    (nb06.mirror_arrow, lambda image, label: (np.fliplr(image), -label), "-label is no label"),
    (nb06.seen_in_training, seen_changed_again, "Start from `images` each time"),
    (nb06.seen_in_training, seen_from_one_seed, "makes a new generator from the same seed"),
    (nb06.cutmix_weight, lambda *a: 1.0, "(height=32, width=32, top=4, left=10, rows=12, columns"),
    (nb06.turned_point, 3, "the new x of the wrong order"),
    (nb06.turned_point, 5, "5 is too large."),
    (nb06.rotation_about_center, lambda *a: np.eye(2), "Expected: an array of shape (3, 3)"),
    (nb06.rotation_about_center, center_without_radians, "wants radians"),
    (nb06.rotation_about_center, center_of_whole_pixels, "an even number of pixels lies between"),
    (nb06.rotation_about_center, lambda a, h, w: turned_about_first(a), "and `np.cos` wants"),
    (nb06.rotation_about_center, lambda *a: np.eye(3), "the turn belongs between them"),
    (nb06.mixup, mixup_backwards, "not `[::-1]`"),
    (nb06.mixup, mixup_of_partners, "each partner with its own partner"),
    (nb06.mixup, lambda x, y, w, o: w * x + (1 - w) * x[o], "Expected: a tuple of 2"),
    (nb06.mixup, mixup_with_itself, "The labels come back as they were"),
    (nb06.mixup, lambda x, y, w, o: (w * x + (1 - w) * o, w * y + (1 - w) * o), "`images[order]`"),
    (nb06.mixup, mixup_by_inverse_order, "The other way round: image i is mixed with"),
    (nb06.rotation_about_center, center_by_stars, "`@` is the product of matrices"),
    (nb06.cutmix_weight, cutmix_of_rows, "at the right.\n`cutmix_weight("),
    (nb06.cutmix_weight, cutmix_one_fewer, "has 12 rows, not 11"),
    (nb06.cutmix_weight, cutmix_to_last_row, "`height - top` rows are left"),
    (nb06.predict_twice, predict_mean_image, "8 of 10 numbers are wrong.\n"),
    (nb06.cutmix_weight, cutmix_of_patch, "divides by the area of the patch"),
    (nb06.cutmix_weight, cutmix_undivided, "Divide the covered pixels by those of the picture"),
    (nb06.cutmix_weight, lambda h, w, i, j, m, n: 1 - m * n, "And what hangs over the border"),
    (nb06.cutmix_weight, cutmix_without_brackets, "Put brackets: `/ (height * width)`"),
    (nb06.faulty_validation, 9, "a line, from 1 to 8"),
    (nb06.pipeline_order, "ABC", "each of the letters A to F once"),
    (nb06.predict_twice, predict_and_turn_answers, "Turn the images, not the answers"),
    (nb06.predict_twice, lambda f, x: f(x) + f(x[:, :, ::-1]) / 2, "Put brackets: this halves"),
    (nb06.predict_twice, lambda predict, images: images, "Expected: an array of shape (5, 2)"),
    (nb06b.flat_numbers, 9216, "So many are made of 227 pixels"),
    (nb06b.flat_numbers, 6401, "6401 is too large, but close."),
    (nb06b.flat_numbers, 36_864, "The last pool is still missing"),
    (nb06b.flat_numbers, 43_264, "of 227 pixels. Take 224, and pool once more."),
    (nb06b.flat_numbers, 279_936, "Follow them through all layers."),
    (nb06b.flat_numbers, 290_400, "Take 224, and go on."),
    (nb06b.second_on_two_cards, 307_328, "256 filters on both cards together"),
    (nb06b.second_on_two_cards, 307_712, "half on each: 256 biases."),
    (nb06b.saved_weights, 90_000, "90000 is too small, but close."),
    (nb06b.branch_work, lambda *a: 1, "Expected: a tuple of 2"),
    (nb06b.slope_of_twenty, 6.5, "Accepted is what is at most 0.05 from the right answer."),
    (nb06b.slope_of_twenty, 2.1, "This adds slopes."),
    (nb06b.slope_of_twenty, 21, "Twenty blocks, each with the slope 1.1"),
    (nb06b.faulty_block, 9, "a line, from 1 to 8"),
    (nb06b.residual, lambda x, W1, W2: x + W2 @ np.maximum(W1 @ x, 0), "A ReLU follows"),
    (
        nb06b.residual,
        lambda x, W1, W2: np.maximum(x + np.maximum(W2 @ np.maximum(W1 @ x, 0), 0), 0),
        "The branch ends without a ReLU",
    ),
    (
        nb06b.separable_costs,
        lambda h, w, k, a, b: (k * k * a * a + a * b, h * w * (k * k * a * a + a * b)),
        "see one channel each",
    ),
    (nb06b.separable_costs, lambda *a: 0, "Expected: a tuple of 2"),
    (
        nb06b.separable_costs,
        lambda h, w, k, a, b: (k * k * a + a * b, h * w * k * k * a + a * b),
        "works at each of `height * width` places",
    ),
    (
        nb06b.separable_costs,
        lambda h, w, k, a, b: (k * k * a + a * a * b, h * w * (k * k * a + a * a * b)),
        "`c_in` counts once",
    ),
    (
        nb06b.separable_costs,
        lambda h, w, k, a, b: (k * k + a * b, h * w * (k * k + a * b)),
        "has a depthwise kernel of its own",
    ),
    (
        nb06b.separable_costs,
        lambda h, w, k, a, b: (k * k * a * (1 + b), h * w * k * k * a * (1 + b)),
        "kernels of 1 × 1",
    ),
    (
        nb06b.separable_costs,
        lambda h, w, k, a, b: (k * k * a + a * b, h * h * (k * k * a + a * b)),
        "Maps need not be square",
    ),
    (nb06b.pairs_at_384, 16, "Here 14 patches become 24."),
    (
        nb06b.as_vgg_wants,
        lambda images: images - np.array([123.68, 116.779, 103.939]),
        "Now turn the channels round",
    ),
    (
        nb06b.as_vgg_wants,
        lambda images: images[..., ::-1] - np.array([103.0, 116, 123]),
        "103.939 is not 103",
    ),
    (nb06b.inverted_order, "ABC", "each of the letters A to F once"),
    (nb06b.pairs_at_384, 2.94, "But each looks at each: square it."),
    (nb06b.cut_patches, lambda image, size: image, "Expected: an array of shape (6, 12)"),
    (nb06b.cut_patches, patches_without_step, "does not start at pixel `i`"),
    (nb06b.cut_patches, patches_of_squares, "Images need not be square"),
    (
        nb06b.as_vgg_wants,
        lambda images: (images[..., ::-1] - np.array([103.939, 116.779, 123.68])) / 255,
        "no division",
    ),
    (nb06b.as_vgg_wants, vgg_in_place, "you changed `images`"),
    (nb06b.as_vgg_wants, lambda images: images[:, :, ::-1], "Expected"),
    (nb07.unfreeze_last, unfreeze_by_negative_slice, "-0 is 0, and `layers[-0:]` are all of them"),
    (nb07.top_five_error, 0.625, "This is the top-1 error"),
    (nb07.top_five_error, 25, "this is in per cent"),
    (nb07.cut_megabytes, 12.5, "Each takes 4 bytes"),
    (nb07.cut_megabytes, 40, "40 is too small."),
    (nb07.cut_megabytes, 50_176_000, "These are bytes"),
    (nb07.cut_megabytes, 2000 * 14 * 14 * 32 * 4 / 2**20, "not 2²⁰"),
    (nb07.head_parameters, 2, "This is one weight and the bias."),
    (nb07.faulty_features, 3, "What comes in another order?"),
    (nb07.faulty_features, 9, "a line, from 1 to 8"),
    (nb07.fold_scaling, lambda w, b, m, s: (w / s, b - m @ w), "The mean, too, was divided by"),
    (nb07.fold_scaling, lambda w, b, m, s: w / s, "Expected: a tuple of 2"),
    (
        nb07.fold_scaling,
        lambda w, b, m, s: (w / s, b - m / s),
        "each mean has its weight: multiply",
    ),
    (nb07.photos_needed, 9, "0.005 has to be squared"),
    (nb07.photos_needed, 19, "0.005² is 0.000025"),
    (nb07.photos_needed, 190, "and 1 - p is missing"),
    (nb07.photos_needed, 3800, "the difference of two accuracies"),
    (nb07.photos_needed, 1500, "1500 is too small."),
    (nb07.order_of_work, "ABC", "each of the letters A to F once"),
    (nb07.class_activation, lambda x, w: np.maximum(x * w, 0).sum(-1), "First add up"),
    (nb07.class_activation, lambda x, w: np.maximum(x, 0) @ w, "in the *sum* speaks for the other"),
    (nb07.class_activation, lambda x, w: np.maximum(x * w, 0), "Before you leave out what is"),
    (nb07.class_activation, lambda x, w: x.mean((1, 2)) @ w, "This is the logit but for b"),
    (nb07.class_activation, lambda x, w: np.maximum(x @ w, 0)[0], "Expected: an array of shape"),
    (nb07.regime, regime_by_own_errors, "Each row has got its own error."),
    (nb07.regime, regime_by_spread, "how far all accuracies differ"),
    (nb07.regime, regime_over_ways, "`axis=0` gives a mean for each seed."),
    (nb07.regime, regime_by_largest, "The array is empty: it has no place at all."),
    (nb07.regime, regime_by_largest, "take the best mean."),
    (nb07.unfreeze_last, unfreeze_by_layers, "with False nothing is trained, whatever its layers"),
    (nb07.unfreeze_last, unfreeze_with_norms, "And BatchNormalization stays frozen."),
    (nb07.unfreeze_last, unfreeze_without_freezing, "The layers before the last n have to be"),
    (nb07.unfreeze_last, unfreeze_slice_with_norms, "stays frozen, among the last layers as well"),
    (nb07b.labels_left, 29, "29 is too small, but close."),
    (nb07b.labels_left, 1470, "1470 is too large."),
    (nb07b.leaking_line, 8, "the number of a line, from 1 to 7"),
    (nb07b.precision_and_recall, lambda labels, predicted: (1.0, 1.0), "The first is 1. Expected"),
    (nb07b.rare_precision, 0.5, "0.5 is too large."),
    (nb07b.rare_precision, 8.8, "this is in per cent"),
    (nb07b.small_auc, 58.3, "this is in per cent"),
    (nb07b.average_precision, lambda labels, scores: 1.0, "Expected: 0.8327"),
    (nb07b.calibration_gap, lambda p, y: p.mean() - np.mean((p > 0.5) == y), "90 % sure of that"),
    (nb07b.temperature_order, "ABC", "each of the letters A to F once"),
    (nb07b.all_right, 310, "310 is too large, but close."),
    (nb07b.only_one_right, lambda first, second, labels: 16, "Expected: a tuple of 2"),
    (nb07b.luck_of_eight, 7.03, "this is in per cent"),
    (nb07b.labels_left, 2930, "photos, and the question is of wrong labels"),
    (nb07b.group_split, lambda names, share: np.unique(names)[:2], "an array of texts"),
    (
        nb07b.group_split,
        lambda names, share: np.unique(names)[:2],
        "True and False, of shape (11,)",
    ),
    (nb07b.group_split, split_other_way, "Mark those of the test"),
    (nb07b.precision_and_recall, hits_of_all, "The second is right. The first divides by all"),
    (nb07b.small_auc, 7 / 16, "3 dogs and 4 cats make 12 pairs"),
    (nb07b.average_precision, precision_unordered, "`labels == 1` has the places before sorting"),
    (nb07b.calibration_gap, gap_of_true_class, "of the true class. The confidence is that of"),
    (nb07b.all_right, -2.996, "log 0.05 alone"),
    (nb07b.all_right, 300, "a rule of thumb"),
    (nb07b.average_precision, precision_from_zero, "The first place is number 1"),
    (
        nb07b.only_one_right,
        lambda first, second, labels: (np.sum(first != labels), np.sum(second != labels)),
        "These are the errors of each.",
    ),
    (nb07b.only_one_right, differ_and_agree, "and so often they agree"),
    (nb07b.lost_by, lost_by_changing, "you changed `images`"),
    (nb07b.lost_by, lost_of_answers, "`change` takes images, not answers"),
    (nb02b.matrix_places, 200, "200 is too large."),
    (nb02b.dense_as_kernel, (8, 8, 32, 11), "in (8, 8, 32, 11) the fourth number is wrong."),
    (nb02b.shared_weight_slope, -20, "-20 is too small."),
    (nb02b.first_kernel_gradient, "ABCDEF", "each of the letters A to G once"),
    (nb02b.conv_backward, backward_by_wrong_windows, "begin at (i * stride, j * stride)"),
    (nb02b.conv_backward, lambda delta, *others: delta, "Expected"),
    (nb02b.conv_backward, backward_like(), "`np.zeros_like(image)` has the type of `image`"),
    (nb02b.conv_backward, backward_like(image_too=False), "`np.zeros_like(kernel)` that of"),
    (nb02b.conv_backward, backward_like(kernel_too=False), "`np.zeros(image.shape)`"),
    (nb02b.conv_backward, backward_like_and_turned, "`np.zeros_like(x)` has the type of `x`"),
    (nb02b.conv_backward, backward_by_rows_alone, "h, w = kernel.shape"),
    (nb02b.conv_backward, backward_of_squares, "Neither `kernel` nor `delta` need be square"),
    (nb02b.conv_backward, backward_with_stride_once, "The image's gradient is right. For the k"),
    (nb02b.conv_backward, backward_by_stamps_and_sliding, "is right for stride 1 alone. With a"),
    (nb02b.thousand_classes, 6.8, "Accepted is what is at most 0.05 from the right answer."),
    (nb02b.conv_backward, backward_in_strides, "Loop over the places (i, j) of `delta`"),
    (nb02b.conv_backward, backward_by_windows_alone, "each window counts δ times"),
    (nb02b.shared_weight_slope, 1, "This is δ₁."),
    (nb02b.first_kernel_gradient, "GDCEFAB", "`X1` is the ReLU of `Z1`"),
    (nb02b.score_gradient, gradient_without_keepdims, "Your code raised ValueError"),
    (nb02b.score_gradient, gradient_by_labels, "is not subtracted itself"),
    (nb02b.score_gradient, gradient_of_ten_classes, "as many as the array has columns"),
    (nb04b.steady_rate, 0.06, "0.06 is too large, but close."),
    (nb04b.faulty_momentum, 7, "the number of a line, from 1 to 6"),
    (nb04b.ninth_step, 1.2, "1.2 is too large."),
    (nb04b.adam_lines, "CDFEGAB", "that comes last"),
    (nb04b.he_deviation, 0.1, "Accepted is what is at most 0.001 from the right answer."),
    (nb04b.clip, clip_in_place, "you changed `gradient`"),
    (nb04b.quarter_rate, 0.089, "0.089 is too large, but close."),
    (nb04b.quarter_rate, 0.0762, "has 45 in radians"),
    (nb04b.warm_cosine, lambda *a: np.zeros(3), "shape (3,). Expected: one number, 0.02"),
    (nb04b.descend, adamw_by_function, "unsupported operand type(s)"),
    (nb05b.the_parameter, "weights", 'Choose one of "the number of filters"'),
    (nb05b.the_parameter, "learning rate", "how far a step goes"),
    (nb05b.photos_error, 0.0135, "0.0135 is too large, but close."),
    (nb05b.photos_error, 1.26, "this is in per cent"),
    (nb05b.photos_error, 0.4 / 1000, "the root of the whole fraction"),
    (nb05b.photos_error, 0.16 / 1000, "the root of the whole fraction"),
    (nb05b.hit_rate, 70.8, "this is in per cent"),
    (nb05b.leaking_line, 10, "the number of a line, from 1 to 8"),
    (nb05b.folds_in_order, "ABC", "each of the letters A to G once"),
    (nb05b.draw_rates, lambda low, high, uniform: low, "Expected: an array of shape (5,)"),
    (nb05b.hit_rate, 0.8, "0.8 is too large."),
    (nb05b.honest_score, lambda *scores: scores, "gave the tuple"),
    (nb05b.honest_score, lambda validation, test: test[validation.max()], "`max` gives the score"),
    (nb05b.first_network, network_of_other_input, "input of another shape than (30, 64)"),
    (nb05b.first_network, lambda images, labels: (images, labels), "and not (model, x, labels)"),
    (nb05b.fourth_network, network_not_compiled, "a network that is not compiled"),
]


@pytest.mark.filterwarnings("error")  # the message says what NumPy would warn of
def test_a_division_by_the_rate_is_told_once(capsys):
    out = told(nb05.dropout, lambda x, rate, uniform: x * (uniform >= rate) / rate, capsys)
    assert "at 0 it divides by 0" in out


@pytest.mark.parametrize("exercise, answer, text", SAID, ids=[text for *_, text in SAID])
def test_single_wrong_answers(exercise, answer, text, capsys):
    assert text in told(exercise, answer, capsys)


def test_mixup_tells_which_weights_are_swapped(capsys):
    def answer(swap_images, swap_labels):
        def mixup(images, labels, weight, order):
            a, b = (1 - weight if swap else weight for swap in (swap_images, swap_labels))
            mixed = a * images + (1 - a) * images[order]
            return mixed, b * labels + (1 - b) * labels[order]

        return mixup

    assert "For the images the weights are swapped" in told(nb06.mixup, answer(1, 0), capsys)
    assert "For the labels the weights are swapped" in told(nb06.mixup, answer(0, 1), capsys)
    assert "swapped, for images and labels" in told(nb06.mixup, answer(1, 1), capsys)
    assert nb06.mixup.check(answer(0, 0)) is True


def test_a_patch_that_hangs_over_is_judged_where_it_is_defined(capsys):
    """It starts within the picture, so that an answer may treat negative starts as it likes."""

    def careful(height, width, top, left, rows, columns):
        bottom, right = min(top + rows, height), min(left + columns, width)
        return 1 - (bottom - max(top, 0)) * (right - max(left, 0)) / (height * width)

    assert nb06.cutmix_weight.check(careful) is True
    assert all(top >= 0 and left >= 0 for _, _, top, left, *_ in nb06.cutmix_weight.cases)


@pytest.mark.parametrize("shape", [(2, 5), (5, 2), (5, 5, 3), (5,)], ids=str)
def test_the_riddle_says_which_pictures_it_takes(shape):
    with pytest.raises(ValueError, match=r"grey image of 3 by 3 .* Received: an array of shape"):
        nb02.riddle(np.zeros(shape))
    assert nb02.riddle(np.zeros((3, 4))).shape == (1, 2)
