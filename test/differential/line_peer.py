"""A peer that is a program: a case a line in, a verdict a line out."""
import json
import subprocess


class LinePeer:
    """`program` lives as long as this."""

    program = None

    def __init__(self):
        self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def judge(self, line):
        self.process.stdin.write(line)
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        while answer and not answer.startswith("{"):  # a library's own words to people
            answer = self.process.stdout.readline()
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
