#!/usr/bin/env python3
"""Writes the tasks of the three agents of the comparison.

usage: tasks.py BANKING77.jsonl HUTTO_FOLDER OUT

BANKING77.jsonl holds rows with `query` and `reference_answer`; HUTTO_FOLDER is `hutto_ICWSM_2014` from the source package
of PyPI's vaderSentiment. OUT gets reviews.jsonl, router.jsonl and extract.jsonl, each with 150 train, 100 gate and 150
test tasks.
"""
import json, pathlib, random, sys

SIZES = (("train", 150), ("gate", 100), ("test", 150))
QUEUES = {
    "topup": "automatic_top_up pending_top_up top_up_failed top_up_reverted topping_up_by_card top_up_limits verify_top_up",
    "cards": "card_arrival card_linking card_not_working lost_or_stolen_card card_about_to_expire get_physical_card order_physical_card",
    "exchange": "exchange_rate exchange_via_app exchange_charge fiat_currency_support card_payment_wrong_exchange_rate",
    "identity": "why_verify_identity unable_to_verify_identity verify_my_identity verify_source_of_funds edit_personal_details",
    "transfers": "cancel_transfer declined_transfer pending_transfer failed_transfer transfer_timing transfer_fee_charged",
    "cash": "pending_cash_withdrawal declined_cash_withdrawal cash_withdrawal_charge cash_withdrawal_not_recognised atm_support",
}


def split(rows, by):
    """Rows with splits, balanced over `by`."""
    groups = {}
    for row in rows:
        groups.setdefault(row[by], []).append(row)
    ordered = [row for turn in zip(*(groups[name] for name in sorted(groups))) for row in turn]
    made, at = [], 0
    for name, size in SIZES:
        part = ordered[at:at + size]
        assert len(part) == size, (name, len(part))
        made += [{**row, "split": name} for row in part]
        at += size
    return made


def router(rows, dice):
    queue = {intent: name for name, intents in QUEUES.items() for intent in intents.split()}
    chosen = [row for row in rows if row["reference_answer"] in queue]
    dice.shuffle(chosen)
    return split([{"query": row["query"], "reference_answer": queue[row["reference_answer"]],
                   "category": queue[row["reference_answer"]], "scorer": "exact"} for row in chosen], "category")


def reviews(folder, dice):
    found = []
    for name, source in (("movie", "film"), ("amazon", "product")):
        for line in (folder / f"{name}ReviewSnippets_GroundTruth.txt").read_text(errors="replace").splitlines():
            _, rating, text = line.split("\t", 2)
            if abs(float(rating)) >= 1.5 and 30 <= len(text) <= 160:
                answer = "positive" if float(rating) > 0 else "negative"
                found.append({"query": text.strip(), "reference_answer": answer, "category": source, "scorer": "contains",
                              "group": source + answer})
    dice.shuffle(found)
    return [{key: value for key, value in row.items() if key != "group"} for row in split(found, "group")]


def extract(rows, dice):
    made = []
    for at in range(600):
        kind = ("order", "amount", "both")[at % 3]
        order, amount = f"{dice.choice('ABCDEFGH')}{dice.randint(1000, 9999)}", dice.randint(3, 900)
        said = {
            "order": f"My order {order} is affected.", "amount": f"It is about {amount} pounds.",
            "both": f"It concerns order {order} and {amount} pounds.",
        }[kind]
        sentence = dice.choice(rows)["query"]
        query = dice.choice((f"{sentence} {said}", f"{said} {sentence}"))
        answer = {"order": None if kind == "amount" else order, "amount": None if kind == "order" else amount}
        made.append({"query": query, "reference_answer": json.dumps(answer), "category": kind, "scorer": "json"})
    return split(made, "category")


def main():
    rows = [json.loads(line) for line in open(sys.argv[1])]
    out = pathlib.Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    dice = random.Random(1)
    for name, tasks in (("reviews", reviews(pathlib.Path(sys.argv[2]), dice)), ("router", router(rows, dice)),
                        ("extract", extract(rows, dice))):
        lines = [json.dumps({"task_id": f"{name}-{at:03}", **task}) + "\n" for at, task in enumerate(tasks)]
        (out / f"{name}.jsonl").write_text("".join(lines))


main()
