package sample.pages;

import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.stereotype.Component;

/** Fills the table, which is in memory and empty at each start. */
@Component
class SomeOwners implements ApplicationRunner {

    private static final int OWNERS = 200;

    private final Owners owners;

    SomeOwners(Owners owners) {
        this.owners = owners;
    }

    @Override
    public void run(ApplicationArguments arguments) {
        for (int number = 0; number < OWNERS; number++) {
            Owner owner = new Owner("owner " + number);
            for (int pet = 0; pet <= number % 3; pet++) {
                owner.add("pet " + number + "." + pet);
            }
            owners.save(owner);
        }
    }
}
