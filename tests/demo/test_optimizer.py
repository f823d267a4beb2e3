import pytest

torch = pytest.importorskip("torch")

from demo.optimizer import Average, Deadline, build_optimizers, orthogonalized  # noqa: E402


@pytest.mark.parametrize("shape", [(16, 144), (96, 32), (64, 64)])
def test_orthogonalized_keeps_the_directions_and_levels_the_singular_values(shape):
    matrix = torch.randn(*shape, generator=torch.Generator().manual_seed(1))
    made = orthogonalized(matrix)
    u, values, vt = torch.linalg.svd(matrix, full_matrices=False)
    kept = values > 0.1 * values[0]
    inside = torch.diag(u.T @ made @ vt.T)[kept]
    assert inside.min() > 0.5
    assert inside.max() < 1.4


def test_a_few_steps_reduce_the_loss_of_a_small_network():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(32, 32), torch.nn.Tanh(), torch.nn.Linear(32, 16))
    optimizers = build_optimizers(network, lr=0.02, beta2=0.99)
    x = torch.randn(64, 32)
    y = x[:, :16] * x[:, 16:].sign()
    losses = []
    for _ in range(150):
        loss = (network(x) - y).square().mean()
        losses.append(float(loss.detach()))
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    assert losses[-1] < 0.3 * losses[0]


def test_the_average_lags_behind_and_swapping_twice_restores_the_weights():
    network = torch.nn.Linear(4, 4)
    average = Average(network, 0.9)
    before = network.weight.detach().clone()
    with torch.no_grad():
        network.weight.add_(1)
    moved = network.weight.detach().clone()
    average.update(network)
    average.swap(network)
    assert (network.weight > before).all()
    assert (network.weight <= moved).all()
    average.swap(network)
    assert torch.equal(network.weight, moved)


def test_the_rate_warms_up_holds_and_ends_at_zero():
    parameter = torch.nn.Parameter(torch.zeros(2, 2))
    optimizer = torch.optim.AdamW([parameter], lr=1.0)
    deadline = Deadline(10, tail=0.5, warm_up=10)
    rates = []
    for step, minutes in ((0, 0.0), (20, 1.0), (50, 5.0), (80, 7.5), (100, 10.0)):
        deadline.apply([optimizer], step, 2.0, minutes * 60)
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates == pytest.approx([0.2, 2.0, 2.0, 1.0, 0.0], abs=1e-6)
