"""The cases of tests/userdata/corpus."""

import json
import os

import program

FOLDER = f"{program.TOP}/tests/userdata/corpus"


class Case:
    def __init__(self, name):
        self.name, self.path = name, f"{FOLDER}/{name}.ud"
        with open(self.path, "rb") as file:
            self.data = file.read()
        with open(f"{FOLDER}/{name}.json", encoding="utf-8") as file:
            self.expected = json.load(file)


def names():
    return sorted(name[:-3] for name in os.listdir(FOLDER) if name.endswith(".ud"))


def as_cases():
    """For @tap.each."""
    return {name.replace("-", "_"): name for name in names()}


def named(start):
    return Case(next(name for name in names() if name.startswith(start)))
