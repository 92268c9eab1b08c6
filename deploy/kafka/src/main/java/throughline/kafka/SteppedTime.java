package throughline.kafka;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.Timer;

/**
 * A wall clock that is wrong by as many milliseconds as a file says, from one look at it to the next. What is measured from one moment to
 * another stays right, as on a machine whose clock is set.
 */
final class SteppedTime implements Time {
    private static final long LOOK_EVERY_MS = 100;

    private volatile long wrongByMs;

    SteppedTime(Path file) throws IOException {
        wrongByMs = read(file);
        Thread look = new Thread(() -> {
            while (true) {
                try {
                    Thread.sleep(LOOK_EVERY_MS);
                    wrongByMs = read(file);
                } catch (InterruptedException | IOException | NumberFormatException goesOn) {
                    // It is between two states: the clock stays as it was.
                }
            }
        }, "clock");
        look.setDaemon(true);
        look.start();
    }

    private static long read(Path file) throws IOException {
        return Long.parseLong(Files.readString(file).trim());
    }

    @Override
    public long milliseconds() {
        return Time.SYSTEM.milliseconds() + wrongByMs;
    }

    @Override
    public long hiResClockMs() {
        return Time.SYSTEM.hiResClockMs();
    }

    @Override
    public long nanoseconds() {
        return Time.SYSTEM.nanoseconds();
    }

    @Override
    public void sleep(long ms) {
        Time.SYSTEM.sleep(ms);
    }

    @Override
    public void waitObject(Object object, Supplier<Boolean> condition, long deadlineMs) throws InterruptedException {
        Time.SYSTEM.waitObject(object, condition, deadlineMs - wrongByMs);
    }

    @Override
    public Timer timer(long timeoutMs) {
        return Time.SYSTEM.timer(timeoutMs);
    }
}
