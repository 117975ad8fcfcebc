package sample;

import java.util.concurrent.atomic.AtomicLong;

import org.springframework.context.annotation.Lazy;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** What may run in one process of a host only. */
@Component
@EnableScheduling
@Lazy(false) // Where beans are created on first use, nobody would use this one.
class OnlyOnce {

    private final LiveSlot slot;

    private final AtomicLong runs = new AtomicLong();

    OnlyOnce(LiveSlot slot) {
        this.slot = slot;
    }

    @Scheduled(fixedDelay = 100)
    void run() {
        if (slot.isLive()) {
            runs.incrementAndGet();
        }
    }

    long runs() {
        return runs.get();
    }
}
