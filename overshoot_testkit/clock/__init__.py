"""One timeline: virtual, stepped or real, behind one interface."""

from overshoot_testkit.clock._clock import EPOCH, Clock, LoopClock, Mode, SteppedClock, Timer
from overshoot_testkit.clock._following import FollowingClock

__all__ = ["EPOCH", "Clock", "FollowingClock", "LoopClock", "Mode", "SteppedClock", "Timer"]
