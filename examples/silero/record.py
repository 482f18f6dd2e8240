"""Makes ``recordings/`` anew: synthesized speech in noise. It needs espeak-ng and sox.

Six recordings of 56 seconds: six voices, four languages, pauses between their sentences, and a
noise whose distance to the speech changes every eight seconds, between 0 and 20 dB. They are kept
as .wav files of 4-bit ADPCM.
"""

from __future__ import annotations

import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
RATE, SECONDS, SECTION = 16_000, 56, 8
LEVELS = (20, 5, 10, 0, 15, 5, 0)
"""dB between speech and noise, of each section."""
ENGLISH = (
    "The north wind and the sun were disputing which was the stronger.",
    "A traveller came along, wrapped in a warm cloak.",
    "Turn on the lights in the kitchen, please.",
    "What will the weather be like tomorrow afternoon?",
    "They agreed that the one who first succeeded should be considered stronger.",
    "Seven, four, nineteen, and a half.",
    "Stop the music.",
    "And so the north wind was obliged to confess that the sun was the stronger of the two.",
)
VOICES = {
    "f1": ("en-us+f3", "white", ENGLISH),
    "m1": ("en-gb", "pink", ENGLISH[::-1]),
    "w1": (
        "de+f2",
        "hum",
        (
            "Einst stritten sich Nordwind und Sonne, wer von ihnen beiden wohl der Stärkere wäre.",
            "Ein Wanderer kam des Weges.",
            "Bitte schalte das Licht in der Küche aus.",
            "Wie spät ist es jetzt?",
            "Der Nordwind blies mit aller Macht, und er hüllte sich fester ein.",
        ),
    ),
    "f2": ("en-gb+f5", "pink", ENGLISH[3:] + ENGLISH[:3]),
    "m2": (
        "es+m3",
        "hum",
        (
            "El viento del norte y el sol discutían sobre cuál de ellos era el más fuerte.",
            "Pasó un viajero envuelto en una ancha capa.",
            "Apaga la luz de la cocina, por favor.",
            "¿Qué tiempo hará mañana?",
        ),
    ),
    "w2": (
        "fr+f4",
        "white",
        (
            "La bise et le soleil se disputaient, chacun assurant qu'il était le plus fort.",
            "Quand ils ont vu un voyageur qui s'avançait.",
            "Éteins la lumière de la cuisine.",
            "Quelle heure est-il maintenant?",
        ),
    ),
}
"""By name: the voice of espeak-ng, the noise, and what is said."""


def spoken(voice: str, text: str, speed: int, folder: Path) -> np.ndarray:
    """A sentence, at 16 kHz."""
    raw, at_rate = folder / "raw.wav", folder / "rate.wav"
    subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "-w", raw, text], check=True)
    subprocess.run(["sox", "-D", raw, "-r", str(RATE), at_rate], check=True)
    with wave.open(str(at_rate)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768


def noise(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Of rms 1: white, pink, or the hum of a machine."""
    count = RATE * SECONDS
    spectrum = np.fft.rfft(rng.normal(size=count))
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    falling = {"white": 0, "pink": 0.5, "hum": 0.8}[kind]
    values = np.fft.irfft(spectrum / np.maximum(frequency, 20) ** falling, count)
    values /= values.std()
    if kind == "hum":
        t = np.arange(count) / RATE
        sway = 1 + 0.3 * np.sin(2 * np.pi * 0.4 * t)
        values += sway * sum(np.sin(2 * np.pi * 97 * k * t + k) / k for k in range(1, 12))
    return values / values.std()


def recorded(name: str, seed: int, folder: Path) -> np.ndarray:
    """The samples of a recording."""
    voice, kind, sentences = VOICES[name]
    rng = np.random.default_rng(seed)
    speech, at, turn = np.zeros(RATE * SECONDS), RATE, 0
    while at < len(speech):
        said = spoken(voice, sentences[turn % len(sentences)], int(rng.integers(135, 190)), folder)
        said = said[: len(speech) - at]
        speech[at : at + len(said)] = said * rng.uniform(0.5, 1)
        at += len(said) + int(RATE * rng.uniform(0.5, 3.5))
        turn += 1
    loudness = np.sqrt(np.mean(speech[speech != 0] ** 2))
    decibels = np.repeat(np.roll(LEVELS, seed), RATE * SECTION)
    mixed = speech + noise(kind, rng) * loudness * 10 ** (-decibels / 20)
    return mixed / np.abs(mixed).max() * 0.9


def main() -> None:
    """Write all of them."""
    (HERE / "recordings").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for seed, name in enumerate(VOICES):
            mixed, plain = recorded(name, seed, folder), folder / "mixed.wav"
            with wave.open(str(plain), "wb") as file:
                file.setparams((1, 2, RATE, len(mixed), "NONE", ""))
                file.writeframes(np.rint(mixed * 32767).astype("<i2").tobytes())
            target = HERE / "recordings" / f"{name}.wav"
            subprocess.run(["sox", "-D", plain, "-e", "ima-adpcm", target], check=True)


if __name__ == "__main__":
    main()
