package sample.lazy;

/** Twenty classes that nothing mentions by name, so that each is read from the jar on its first use and not before. */
public final class LazyClasses {

    public static final int COUNT = 20;

    private LazyClasses() {
    }

    /** Loads one of them; the first time for a number reads the jar. */
    public static Class<?> load(int number) throws ClassNotFoundException {
        return Class.forName(LazyClasses.class.getName() + "$Number" + number);
    }

    /** Number 0. */
    static final class Number0 {
    }

    /** Number 1. */
    static final class Number1 {
    }

    /** Number 2. */
    static final class Number2 {
    }

    /** Number 3. */
    static final class Number3 {
    }

    /** Number 4. */
    static final class Number4 {
    }

    /** Number 5. */
    static final class Number5 {
    }

    /** Number 6. */
    static final class Number6 {
    }

    /** Number 7. */
    static final class Number7 {
    }

    /** Number 8. */
    static final class Number8 {
    }

    /** Number 9. */
    static final class Number9 {
    }

    /** Number 10. */
    static final class Number10 {
    }

    /** Number 11. */
    static final class Number11 {
    }

    /** Number 12. */
    static final class Number12 {
    }

    /** Number 13. */
    static final class Number13 {
    }

    /** Number 14. */
    static final class Number14 {
    }

    /** Number 15. */
    static final class Number15 {
    }

    /** Number 16. */
    static final class Number16 {
    }

    /** Number 17. */
    static final class Number17 {
    }

    /** Number 18. */
    static final class Number18 {
    }

    /** Number 19. */
    static final class Number19 {
    }
}
