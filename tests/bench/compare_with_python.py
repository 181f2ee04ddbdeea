#!/usr/bin/env python3
"""Times the published reference implementations in Python beside `sapsam bench`.

  compare_with_python.py --sapsam build/release/bin/sapsam [--python python3] [--rounds 5]
                         [--network sam-vit-b --network retrieval-step-b16 ...]

Each round runs ours, the reference as it comes, and the reference with the same levers of the
environment (kernels of OpenBLAS, all cores, threads that sleep, no giving back of memory), one after the other; what is
reported is the median over the rounds of the ratio within a round, so that a busy machine slows
both sides. Shapes are the published ones and weights are random on both sides: neither side's time
depends on their values. A reference that is not installed is reported as missing, not as a failure.

Needs, on the side of Python: torch, and segment_anything (SAM), clip or transformers (CLIP),
transformers (BERT, OPT). The training step needs torch alone.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

WARM_RUNS, TIMED_RUNS = 1, 3


class Missing(Exception):
    pass


def imported(name, package):
    try:
        return __import__(name, fromlist=["_"])
    except ImportError as error:
        raise Missing(f"{package} is not installed ({error})") from None


def sam_vit_b(torch):
    sam = imported("segment_anything", "segment_anything").sam_model_registry["vit_b"]()
    image = torch.randn(1, 3, 1024, 1024)
    return lambda: sam.image_encoder(image)


def sam_decoder(torch):
    sam = imported("segment_anything", "segment_anything").sam_model_registry["vit_b"]()
    embeddings = torch.randn(1, 256, 64, 64)
    points = (torch.full((1, 1, 2), 500.0), torch.ones(1, 1, dtype=torch.long))

    def click():
        sparse, dense = sam.prompt_encoder(points=points, boxes=None, masks=None)
        sam.mask_decoder(image_embeddings=embeddings,
                         image_pe=sam.prompt_encoder.get_dense_pe(),
                         sparse_prompt_embeddings=sparse, dense_prompt_embeddings=dense,
                         multimask_output=True)
    return click


def clip_image(torch, width, layers, patch, output, size, batch):
    try:
        model = imported("clip.model", "clip")
        images = torch.randn(batch, 3, *size)
        if size[0] == size[1]:
            tower = model.VisionTransformer(size[0], patch, width, layers, width // 64, output)
        else:
            # The reference takes squares only: people replace its table of positions.
            tower = model.VisionTransformer(224, patch, width, layers, width // 64, output)
            tokens = 1 + (size[0] // patch) * (size[1] // patch)
            tower.positional_embedding = torch.nn.Parameter(torch.randn(tokens, width))
        return lambda: tower(images)
    except Missing:
        transformers = imported("transformers", "neither clip nor transformers")
        if size[0] != size[1]:
            raise Missing("clip is not installed, and transformers takes squares only") from None
        config = transformers.CLIPVisionConfig(hidden_size=width, intermediate_size=4 * width,
                                               num_hidden_layers=layers, patch_size=patch,
                                               num_attention_heads=width // 64,
                                               image_size=size[0], projection_dim=output)
        tower = transformers.CLIPVisionModelWithProjection(config)
        images = torch.randn(batch, 3, *size)
        return lambda: tower(images)


def bert_base(torch):
    transformers = imported("transformers", "transformers")
    bert = transformers.BertModel(transformers.BertConfig())
    ids = torch.randint(30522, (16, 64))
    return lambda: bert(ids)


def retrieval_step(torch, batch=8):
    """One training step of CLIP B/16 at 384 x 128: the layers of the published retrieval training
    (its residual blocks around torch.nn.MultiheadAttention), SDM over the batch, Adam. Like the
    published one it computes all 77 tokens and all tokens of the last layer."""
    nn = torch.nn

    class QuickGelu(nn.Module):
        def forward(self, x):
            return x * torch.sigmoid(1.702 * x)

    class Block(nn.Module):
        def __init__(self, width, heads, mask=None):
            super().__init__()
            self.attn = nn.MultiheadAttention(width, heads)
            self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.mlp = nn.Sequential(nn.Linear(width, 4 * width), QuickGelu(),
                                     nn.Linear(4 * width, width))
            self.mask = mask

        def forward(self, x):
            y = self.ln_1(x)
            x = x + self.attn(y, y, y, need_weights=False, attn_mask=self.mask)[0]
            return x + self.mlp(self.ln_2(x))

    class Clip(nn.Module):
        def __init__(self):
            super().__init__()
            mask = torch.full((77, 77), float("-inf")).triu_(1)
            self.conv = nn.Conv2d(3, 768, 16, 16, bias=False)
            self.cls = nn.Parameter(torch.randn(768) * 0.03)
            self.places = nn.Parameter(torch.randn(193, 768) * 0.03)
            self.ln_pre, self.ln_post = nn.LayerNorm(768), nn.LayerNorm(768)
            self.vision = nn.Sequential(*[Block(768, 12) for _ in range(12)])
            self.proj = nn.Parameter(torch.randn(768, 512) * 0.03)
            self.words = nn.Embedding(49408, 512)
            self.text_places = nn.Parameter(torch.randn(77, 512) * 0.01)
            self.text = nn.Sequential(*[Block(512, 8, mask) for _ in range(12)])
            self.ln_final = nn.LayerNorm(512)
            self.text_proj = nn.Parameter(torch.randn(512, 512) * 0.04)

        def forward(self, images, ids):
            x = self.conv(images).flatten(2).transpose(1, 2)
            x = torch.cat([self.cls.expand(len(x), 1, -1), x], 1) + self.places
            x = self.vision(self.ln_pre(x).transpose(0, 1)).transpose(0, 1)
            image = self.ln_post(x) @ self.proj
            y = self.words(ids) + self.text_places
            y = self.text(y.transpose(0, 1)).transpose(0, 1)
            text = self.ln_final(y) @ self.text_proj
            return image[:, 0], text[torch.arange(len(ids)), ids.argmax(-1)]

    model = Clip()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-5, eps=1e-3, weight_decay=4e-5)
    # Descriptions of 16 to 44 tokens, their end (the largest number) and padding, as ours has them.
    images, ids = torch.randn(batch, 3, 384, 128), torch.randint(1, 49407, (batch, 77))
    for i in range(batch):
        length = 16 + 4 * (i % 8)
        ids[i, length:] = 0
        ids[i, length - 1] = 49407
    truth = torch.eye(batch)

    def step():
        with torch.enable_grad():
            image, text = model(images, ids)
            image = image / image.norm(dim=1, keepdim=True)
            text = text / text.norm(dim=1, keepdim=True)
            scores = 50.0 * image @ text.t()
            loss = 0.0
            for rows in (scores, scores.t()):
                logs = torch.log_softmax(rows, 1)
                loss = loss + (logs.exp() * (logs - torch.log(truth + 1e-8))).sum(1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return step


NETWORKS = {
    "retrieval-step-b16": retrieval_step,
    "sam-vit-b": sam_vit_b,
    "sam-decoder": sam_decoder,
    "clip-vit-b16-384x128": lambda t: clip_image(t, 768, 12, 16, 512, (384, 128), 16),
    "clip-vit-l14": lambda t: clip_image(t, 1024, 24, 14, 768, (224, 224), 16),
    "bert-base": bert_base,
}


def work(network, threads):
    """In a process of its own: prints the median seconds of one reference forward pass."""
    try:
        torch = imported("torch", "torch")
        if threads:
            torch.set_num_threads(threads)
        with torch.no_grad():
            run = NETWORKS[network](torch)
            times = []
            # As our bench: the memory of a training step settles in the first four.
            warm = 4 if network == "retrieval-step-b16" else WARM_RUNS
            for i in range(warm + TIMED_RUNS):
                start = time.perf_counter()
                run()
                if i >= warm:
                    times.append(time.perf_counter() - start)
        print(json.dumps({"seconds": statistics.median(times), "torch": torch.__version__}))
    except Missing as missing:
        print(json.dumps({"missing": str(missing)}))


def reference(python, network, with_levers, core_type):
    environment = dict(os.environ)
    threads = 0
    if with_levers:
        threads = len(os.sched_getaffinity(0))
        environment.update(MALLOC_MMAP_THRESHOLD_=str(1 << 30), MALLOC_TRIM_THRESHOLD_=str(1 << 30),
                           GOMP_SPINCOUNT="1000", OPENBLAS_THREAD_TIMEOUT="14")
        if core_type:
            environment["OPENBLAS_CORETYPE"] = core_type
    done = subprocess.run([python, os.path.abspath(__file__), "--worker", network, str(threads)],
                          env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return {"missing": f"{python} failed: {done.stderr.strip().splitlines()[-1:]}"}
    return json.loads(done.stdout.splitlines()[-1])


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "--worker":
        return work(sys.argv[2], int(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sapsam", default="build/release/bin/sapsam")
    parser.add_argument("--python", default="python3")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--core-type", default="SkylakeX",
                        help="OPENBLAS_CORETYPE of the runs with levers; empty to leave it alone")
    parser.add_argument("--network", action="append", choices=sorted(NETWORKS))
    arguments = parser.parse_args()

    results, missing = [], 0
    for network in arguments.network or list(NETWORKS):
        plain, levers, ours = [], [], []
        for _ in range(arguments.rounds):
            first = reference(arguments.python, network, False, "")
            if "missing" in first:
                print(f"{network}: NOT COMPARED, {first['missing']}", file=sys.stderr)
                missing += 1
                break
            answer = subprocess.run([arguments.sapsam, "--json", "--quiet", "bench", network,
                                     "--precision", arguments.precision, "--runs",
                                     str(TIMED_RUNS)], capture_output=True, text=True, check=True)
            second = reference(arguments.python, network, True, arguments.core_type)
            ours.append(json.loads(answer.stdout)["seconds"])
            plain.append(first["seconds"] / ours[-1])
            levers.append(second["seconds"] / ours[-1])
        if ours:
            results.append({"network": network, "precision": arguments.precision,
                            "rounds": len(ours), "seconds": statistics.median(ours),
                            "times_as_fast_as_python": statistics.median(plain),
                            "times_as_fast_with_its_levers": statistics.median(levers)})
            print(f"{network}: {results[-1]['seconds'] * 1000:.1f} ms, "
                  f"{results[-1]['times_as_fast_as_python']:.2f} x as fast as the reference, "
                  f"{results[-1]['times_as_fast_with_its_levers']:.2f} x with the same levers",
                  file=sys.stderr)
    print(json.dumps({"results": results, "not_compared": missing}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
