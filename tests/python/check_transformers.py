"""Loads a folder that Graft wrote with Transformers and compares it with golden outputs.

usage: check_transformers.py FOLDER GOLDEN.safetensors LOGITS_NAME IDS_NAME BOUND [TEXT]

FOLDER must load without a missing or an unexpected weight. The logits for the ids must equal the golden ones (their last rows, if
there are fewer) within BOUND. With TEXT the folder's tokenizer must give the same ids for it. Prints one line; exit 1 on a difference.
"""
import sys

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

folder, golden, logits_name, ids_name, bound = sys.argv[1:6]
tensors = load_file(golden)
model, info = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
for key in ("missing_keys", "unexpected_keys", "mismatched_keys"):
    if info.get(key):
        sys.exit(f"{key}: {sorted(info[key])[:5]}")
ids = tensors[ids_name].reshape(-1, tensors[ids_name].shape[-1])
with torch.no_grad():
    logits = model(input_ids=ids).logits.double()
expected = tensors[logits_name].double()
if expected.dim() == 1:
    logits = logits[0, -1]
error = (logits.reshape(expected.shape) - expected).abs().max().item()
if not error <= float(bound):
    sys.exit(f"logits differ by {error}, more than {bound}")
if len(sys.argv) > 6:
    found = AutoTokenizer.from_pretrained(folder)(sys.argv[6], add_special_tokens=False)["input_ids"]
    if found != ids[0].tolist():
        sys.exit(f"ids differ: {found} instead of {ids[0].tolist()}")
print(f"logits within {error:.2e}")
