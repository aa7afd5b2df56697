package io.graft.merge.cli;

/**
 * Whether somebody is watching. The launcher asks ({@code [ -t 1 ]}) and passes the answer on: the JVM knows only about
 * stdin and stdout together. Without the launcher nobody is.
 */
final class Terminal {

    private Terminal() {}

    /** {@return whether stdout may carry colour: a terminal, and no {@code NO_COLOR}} */
    static boolean outHasColour() { return Boolean.getBoolean("graft.tty.out") && wantsColour(); }

    /** {@return whether stderr is a terminal, on which a bar can move} */
    static boolean errIsTerminal() { return Boolean.getBoolean("graft.tty.err") && !"dumb".equals(System.getenv("TERM")); }

    /** {@return whether stderr may carry colour} */
    static boolean errHasColour() { return errIsTerminal() && wantsColour(); }

    private static boolean wantsColour() {
        String no = System.getenv("NO_COLOR");
        return (no == null || no.isEmpty()) && !"dumb".equals(System.getenv("TERM"));
    }
}
