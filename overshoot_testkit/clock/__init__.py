"""One timeline: virtual, stepped or real, behind one interface."""

from overshoot_testkit.clock._clock import EPOCH, Clock, LoopClock, Mode, SteppedClock, Timer

__all__ = ["EPOCH", "Clock", "LoopClock", "Mode", "SteppedClock", "Timer"]
