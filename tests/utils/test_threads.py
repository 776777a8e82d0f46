"""How many threads torch takes, for a while."""

import pytest
import torch

from packdepth.utils.threads import threads_of_torch, threads_on_cpu


def test_only_while_it_is_open():
    before = torch.get_num_threads()
    with threads_of_torch(before + 2) as found:
        assert (found, torch.get_num_threads()) == (before, before + 2)
    assert torch.get_num_threads() == before
    with pytest.raises(RuntimeError), threads_of_torch(before + 1):
        raise RuntimeError
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(("device", "more"), [("cpu", 3), ("cuda", 0)])
def test_a_gpu_does_not_care(device, more):
    before = torch.get_num_threads()
    with threads_on_cpu(before + 3, torch.device(device)):
        assert torch.get_num_threads() == before + more
    assert torch.get_num_threads() == before
