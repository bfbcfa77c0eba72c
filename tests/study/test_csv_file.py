import numpy as np
import pytest

from cnnkit.study import Study
from cnnkit.study._csv_file import write_study

ROWS = [("a", seed, metric, seed / 7) for seed in range(3) for metric in ("accuracy", "loss")]


def test_all_comes_back(tmp_path):
    rng = np.random.default_rng(0)
    values = rng.standard_normal(20) * 10.0 ** rng.integers(-30, 30, 20)
    rows = [('"old",\nof\u00e9', seed, "loss", float(v)) for seed, v in enumerate(values)]
    rows += [("b", 0, "", float("inf"))]
    settings = {rows[0][0]: "rate=0.1, name='x'", "b": ""}
    path = tmp_path / "new" / "study.csv"
    write_study(str(path), rows, settings)
    study = Study.load(path)
    assert study.rows == rows and study.settings == settings
    assert [file.name for file in path.parent.iterdir()] == ["study.csv"]
    assert path.read_bytes().startswith(b"variant,seed,metric,value,settings\n")


@pytest.mark.parametrize("cut", [1, 5, 12])
def test_a_cut_line(tmp_path, cut):
    path = tmp_path / "study.csv"
    write_study(path, ROWS, {"a": "key='p'"})
    path.write_bytes(path.read_bytes()[:-cut])
    assert Study.load(path).rows == ROWS[:4], "the last run is dropped"


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n", "variant,seed,metric,value,settings\na,x,loss,1,\n"]
)
def test_other_files(tmp_path, text):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(ValueError, match="`path` must be a file that `run_study` wrote"):
        Study.load(tmp_path / "x.csv")


def test_an_empty_file(tmp_path):
    (tmp_path / "x.csv").write_text("")
    assert Study.load(tmp_path / "x.csv").rows == []
