"""The questions of `review`, on what each notebook teaches: one idea each, and no tricks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A question with a few answers, of which one is right.

    Attributes:
        text: The question.
        choices: The answers, under the letters a, b, c …
        right: The letter of the right one.
        why: A sentence that is told with the answer.
    """

    text: str
    choices: tuple[str, ...]
    right: str
    why: str


QUESTIONS = {
    "nb01.overflow": Question(
        "Two uint8 arrays hold the numbers 200 and 100. What is their sum?",
        ("255", "300", "44"),
        "c",
        "uint8 has 256 values and starts again at 0: 300 - 256 = 44, without a warning.",
    ),
    "nb01.batch": Question(
        "What is the shape of a batch of 16 colour photos, each 100 pixels wide and 80 high, in "
        "Keras's order?",
        ("(16, 80, 100, 3)", "(16, 100, 80, 3)", "(16, 3, 80, 100)"),
        "a",
        "The order is batch, height, width, channels: rows come before columns.",
    ),
    "nb01.statistics": Question(
        "With which mean and standard deviation do we standardise the test images?",
        ("with their own", "with those of the training images", "with those of all images"),
        "b",
        "The test images stand for images still to come, so nothing is computed from them.",
    ),
    "nb01.neighbours": Question(
        "All images, in training and test, have their pixels shuffled in the same way. What "
        "happens to the accuracy of a fully connected network?",
        (
            "it falls to that of a guess",
            "it falls, because neighbours are torn apart",
            "it stays the same, up to differences between seeds",
        ),
        "c",
        "Such a network has weights of its own for each pixel, and no built-in knowledge of which "
        "pixels are neighbours.",
    ),
    "nb01b.slopes": Question(
        "What do ten layers with sigmoids do to the slope of the loss in the first weights?",
        (
            "each adds at most ¼ to it",
            "each turns its sign round",
            "each brings a factor of at most ¼",
        ),
        "c",
        "By the chain rule the slopes are multiplied. ReLU's is 1 where its input is positive.",
    ),
    "nb01b.noise": Question(
        "Each pixel has noise of its own, with standard deviation 8. What is the standard "
        "deviation of the noise in the mean of 16 pixels?",
        ("0.5", "2", "8"),
        "b",
        "The noise of a mean of n numbers is smaller by the factor √n, here 4.",
    ),
    "nb01b.few": Question(
        "When do features by hand help most?",
        (
            "with few examples, if they throw away what disturbs",
            "with many examples, if there are many features",
            "always, as a person knows more than a classifier",
        ),
        "a",
        "They put knowledge in that few examples do not show. With many, it can be learned.",
    ),
    "nb01b.task": Question(
        "A program tells of each pixel of a photo whether it is road, car or sky. Which task is "
        "this?",
        ("segmentation", "detection", "classification"),
        "a",
        "Detection draws a box around each thing, classification names the whole picture.",
    ),
    "nb02.rotation": Question(
        "`Conv2D` computes what mathematics calls cross-correlation. What is different in a "
        "true convolution?",
        ("the kernel is rotated by 180°", "the kernel is transposed", "there is a bias"),
        "a",
        "Deep learning says convolution all the same: a kernel that is learned is learned the "
        "other way round.",
    ),
    "nb02.parameters": Question(
        "How many parameters does `Conv2D(8, 3)` have on a colour image?",
        ("80", "216", "224"),
        "c",
        "Each of the 8 filters has 3 · 3 weights for each of three channels, and one bias: "
        "8 · (27 + 1) = 224.",
    ),
    "nb02.size": Question(
        "`Conv2D(4, 3, strides=2)`, without padding, gets images of 9 × 9 pixels. What is the "
        "side of its feature maps?",
        ("3", "4", "5"),
        "b",
        "The kernel can move by 9 - 3 = 6 pixels, in steps of 2: four places, 6 / 2 + 1.",
    ),
    "nb02.shift": Question(
        "The input of a convolution with stride 1 moves three pixels to the right. What "
        "happens to the feature map, away from its border?",
        (
            "it stays as it is",
            "it moves three pixels to the right",
            "all its numbers become others",
        ),
        "b",
        "The kernel is the same at each place. This is equivariance; invariance would mean "
        "that nothing changes.",
    ),
    "nb02b.places": Question(
        "A 3 × 3 convolution of a 5 × 5 image, without padding, is written as a matrix of 9 rows "
        "and 25 columns. How many of its 225 places hold a weight?",
        ("9", "225", "81"),
        "c",
        "Each of the 9 outputs sees 9 pixels. All other places are zero for ever.",
    ),
    "nb02b.turn": Question(
        "δ holds the slopes of the loss in the output of a convolution with stride 1. How do the "
        "slopes in its input come about?",
        (
            "δ is padded, and the turned kernel slides over it",
            "δ is divided by the kernel, as going back undoes going forwards",
            "the kernel slides over the input once more, with the learning rate",
        ),
        "a",
        "Each pixel adds up δ times the weight that it met, at all places that saw it.",
    ),
    "nb02b.uniform": Question(
        "A network gives each of ten classes the same probability. What is its cross-entropy?",
        ("0.1", "2.303", "0.9"),
        "b",
        "It is minus the logarithm of the probability of the right class, and ln 10 is 2.303.",
    ),
    "nb02b.unbiased": Question(
        "What is meant by: the gradient of a mini-batch is unbiased?",
        (
            "it is as long as the gradient of the whole set",
            "it has no slope for the biases of the layers",
            "on average it is that of the whole set",
        ),
        "c",
        "Each one is off, but not all to one side: their mean is the gradient of the whole set.",
    ),
    "nb03.weights": Question(
        "How many weights does `MaxPooling2D(2)` learn on 16 channels?",
        ("none", "4", "64"),
        "a",
        "Pooling has no weights and no filters: it keeps one number of each window.",
    ),
    "nb03.gradient": Question(
        "The output of a window of max pooling has a slope. Backwards, which of its pixels get it?",
        (
            "all of them, in equal shares",
            "the one with the largest value alone",
            "each of them, in proportion to its value",
        ),
        "b",
        "The largest value alone made the output. Equal shares belong to average pooling.",
    ),
    "nb03.shift": Question(
        "A picture moves by one pixel. When does a number that max pooling makes stay as it is?",
        (
            "always",
            "when the largest number of its window stays in the window",
            "only when the picture moves by as much as a window is wide",
        ),
        "b",
        "Then the largest number is still the same. If it leaves the window, the output jumps.",
    ),
    "nb03.field": Question(
        "Two convolutions of 3 × 3 with stride 1 follow each other. How many pixels does a "
        "unit of the second one see?",
        ("3 × 3", "5 × 5", "6 × 6", "9 × 9"),
        "b",
        "Each pixel of its 3 × 3 window has seen one pixel more on each side: 3 + 2 = 5.",
    ),
    "nb04.means": Question(
        "Batch normalisation gets maps of shape (32, 8, 8, 16) in training. How many means "
        "does it compute?",
        ("16", "32", "1,024"),
        "a",
        "One for each channel, over all examples and all places.",
    ),
    "nb04.bias": Question(
        "Why does a layer right before a batch normalisation get `use_bias=False`?",
        (
            "a bias would make the variance zero",
            "the mean takes its bias away again, and β does its work",
            "batch normalisation works only without any bias, even its own",
        ),
        "b",
        "A constant that is added to a channel is in its mean too, and is subtracted with it.",
    ),
    "nb04.inference": Question(
        "Which mean does batch normalisation subtract in `predict`?",
        (
            "that of the images it is asked about",
            "none: it does nothing in `predict`",
            "the moving average from training",
        ),
        "c",
        "In use there may be one image alone, and its answer must not depend on others.",
    ),
    "nb04.momentum": Question(
        "After 40 steps with momentum 0.99, a network with batch normalisation does well in "
        "training and badly on test images. With momentum 0.9 it does well on both. What is "
        "wrong?",
        (
            "its moving averages are still largely their start, 0 and 1",
            "it has learned its training images by heart",
            "its learning rate is too large",
        ),
        "a",
        "0.99 to the power of 40 is 0.67: two thirds of the averages are still their start. "
        "Training does not use them.",
    ),
    "nb04b.momentum": Question(
        "On a slope that is always the same, how long do the steps of momentum 0.9 get, compared "
        "with those of gradient descent at the same learning rate?",
        ("equally long", "0.9 times as long", "ten times as long"),
        "c",
        "Each step keeps 0.9 of the last one. In the end they are 1 / (1 - 0.9) times as long.",
    ),
    "nb04b.correction": Question(
        "Why does Adam correct its moving averages, most of all in the first steps?",
        (
            "they begin at 0, and so are too small",
            "the first mini-batches are noisier than the later ones",
            "the learning rate is still warming up",
        ),
        "a",
        "After one step a mean holds a tenth of the slope, and 0.9 of its start, 0.",
    ),
    "nb04b.zeros": Question(
        "Two hidden units of a layer begin with equal weights, before and behind them. What "
        "does training make of them?",
        (
            "the noise of the mini-batches tells them apart",
            "they stay equal, as their slopes are always equal",
            "one of the two dies",
        ),
        "b",
        "Equal weights have equal slopes, so each step changes them alike. Random ones differ.",
    ),
    "nb04b.rate": Question(
        "Adam and SGD are compared, both with the learning rate 0.001, and Adam is far better. "
        "What does that say?",
        (
            "Adam is the better optimiser for this network",
            "little: each needs a rate of its own",
            "SGD needs momentum, whatever its rate",
        ),
        "b",
        "Good rates of the two lie more than tenfold apart. Compare each at its own best.",
    ),
    "nb05.overfitting": Question(
        "The training loss falls and falls, while the validation loss turns and rises. What is "
        "this called?",
        ("underfitting", "overfitting", "early stopping"),
        "b",
        "The network learns its examples by heart, which does not help with others.",
    ),
    "nb05.scale": Question(
        "`Dropout(0.2)` gets ones, in training. Which numbers come out?",
        ("0 and 0.8", "0 and 1", "0 and 1.25"),
        "c",
        "What is not dropped is divided by 1 - 0.2, so that the mean stays 1.",
    ),
    "nb05.modes": Question(
        "A network with dropout has a lower loss on validation than in training. Which is a "
        "good explanation?",
        (
            "dropout is on in training, and off in validation",
            "the network overfits",
            "dropout adds a penalty to the validation loss",
        ),
        "a",
        "The two losses are not measured alike: compare them with dropout off in both.",
    ),
    "nb05.crowd": Question(
        "When does the mean of several networks' answers help much?",
        (
            "when all of them have learned the same examples well",
            "when they disagree",
            "when each of them is better than the others",
        ),
        "b",
        "The squared error of the mean is smaller by the variance of the answers.",
    ),
    "nb05b.luck": Question(
        "Of ten networks we choose the one with the best test accuracy, and report it. Why is "
        "this number too good?",
        (
            "ten networks need a test set that is ten times as large",
            "test images are easier than training images",
            "the best of ten on these images is also the luckiest on them",
        ),
        "c",
        "What chose the best may not judge it: choose on validation images, then test once.",
    ),
    "nb05b.values": Question(
        "Nine trainings for two settings, of which only one matters. How many values of that one "
        "does a grid of 3 by 3 try, and how many does random search?",
        ("3 and up to 9", "9 and 3", "both 9"),
        "a",
        "On the grid each value comes three times. That is why random draws miss less often.",
    ),
    "nb05b.start": Question(
        "A classifier of ten classes begins with a loss of 60. What does that say?",
        (
            "nothing, as its weights are random",
            "look at the input: a guess would have 2.3",
            "the learning rate is too large",
        ),
        "b",
        "ln 10 is 2.3. No step was made yet, so no learning rate is to blame.",
    ),
    "nb05b.heart": Question(
        "A network learns twenty digits by heart, but new ones are as good as a guess. Where do "
        "you look first?",
        (
            "at the labels: do they belong to the images?",
            "at the learning rate, which must be too small to learn",
            "at the first weights, which must all be equal",
        ),
        "a",
        "It can learn, so code and rate work. Labels in another order have no rule to find.",
    ),
    "nb06.label": Question(
        "Which change of a handwritten 6 keeps its label?",
        ("a shift by one pixel", "a turn by 180°", "mirroring"),
        "a",
        "Turned by half it is taken for a 9, and a mirrored 6 is no digit.",
    ),
    "nb06.training": Question(
        "We compare two networks on validation images. Which images are changed at random?",
        (
            "all of them, so that all are alike",
            "those for training alone",
            "those for validation alone",
        ),
        "b",
        "Validation and test images stand for what will come, so they stay as they are.",
    ),
    "nb06.matrix": Question(
        "We turn, scale and shift an image. Why are the matrices of the three "
        "changes multiplied first?",
        (
            "then the order of the changes does not matter",
            "then the image is read between its pixels, and blurred, only once",
            "then no place of the new image is empty",
        ),
        "b",
        "Each reading between pixels averages neighbours; one reading for all changes blurs least.",
    ),
    "nb06.mixup": Question(
        "MixUp adds 0.7 of a photo of a cat and 0.3 of a photo of a dog. What is the label?",
        ("cat", "half cat and half dog", "0.7 cat and 0.3 dog"),
        "c",
        "The labels are mixed as the images are: one-hot labels can be, class indices cannot.",
    ),
    "nb06b.block": Question(
        "What does a residual block give?",
        (
            "what its layers make of x, added to x",
            "what its layers make of x, if that is better than x",
            "x, without the features that are not needed",
        ),
        "a",
        "If its layers give 0, the block passes x on. A plain layer would have to learn that.",
    ),
    "nb06b.training": Question(
        "A plain network of 34 layers had a larger error than one of 18. Why is that no "
        "overfitting?",
        (
            "it has too few parameters to overfit",
            "its error on the training images was larger, too",
            "batch normalisation prevents overfitting",
        ),
        "b",
        "A network that overfits is good in training. This one could not be trained as well.",
    ),
    "nb06b.depthwise": Question(
        "What does a depthwise convolution do?",
        (
            "it mixes all channels of a pixel, and sees no neighbours",
            "each of its filters sees all channels of a window",
            "each channel has a kernel of its own, and channels are not mixed",
        ),
        "c",
        "A 1 × 1 convolution behind it mixes them. Together they are far cheaper than one layer.",
    ),
    "nb06b.patches": Question(
        "A Vision Transformer cuts a photo into patches, and multiplies each by the same matrix. "
        "Which layer does the same?",
        (
            "a max pooling with windows as large as a patch",
            "a convolution with kernel and stride as large as a patch",
            "a fully connected layer on the whole photo",
        ),
        "b",
        "Its windows lie side by side, and all share the same weights.",
    ),
    "nb07.frozen": Question(
        "Why can the features of a photo be computed once, if the backbone is frozen?",
        (
            "the backbone's weights stay, so a photo gives the same output in every epoch",
            "the head learns in one epoch",
            "a frozen backbone takes no pixels",
        ),
        "a",
        "Only the head is trained. With random changes of the photos it would not hold.",
    ),
    "nb07.logit": Question(
        "A head gives one logit, trained with the labels 0 for cat and 1 for dog. Above which "
        "value is the answer dog?",
        ("0.5", "0", "1"),
        "b",
        "The sigmoid of 0 is 0.5. A threshold of 0.5 is made for probabilities.",
    ),
    "nb07.preprocessing": Question(
        "A backbone was trained on pixels from -1 to 1, and gets them from 0 to 255. What happens?",
        (
            "Keras raises an error",
            "the accuracy falls, and no error tells us",
            "nothing, as its batch normalisation makes up for it",
        ),
        "b",
        "Pixels must be prepared as in the backbone's own training: check it before all else.",
    ),
    "nb07b.suspect": Question(
        "A photo heads the list of suspect labels. What do we know?",
        (
            "its label is wrong, so it has to be changed",
            "a classifier that has not learned from it contradicts its label",
            "the classifier has learned it by heart",
        ),
        "b",
        "The photo may be odd, or the classifier wrong. Somebody has to look.",
    ),
    "nb07b.rare": Question(
        "A classifier finds 95 of 100 dogs, and takes 5 of 100 cats for dogs. Now dogs become "
        "rare: one in a hundred photos. Which number falls?",
        ("the recall", "the area under the ROC curve", "the precision"),
        "c",
        "False alarms among the many cats outnumber the hits. The other two do not depend on how "
        "many there are of each.",
    ),
    "nb07b.temperature": Question(
        "Each logit is divided by a temperature of 2. What changes?",
        (
            "how sure the network is",
            "which photos are called dogs",
            "the order of the photos by their probability",
        ),
        "a",
        "A logit keeps its sign and its place in the order, and each probability comes nearer to "
        "a half.",
    ),
    "nb07b.paired": Question(
        "Two classifiers judge the same 500 photos. Which photos tell which of them is better?",
        (
            "those that both get right",
            "those that both get wrong",
            "those that only one of them gets right",
        ),
        "c",
        "On all others they do the same. Those on which one alone is right are tosses of a coin "
        "if both are equally good.",
    ),
}
