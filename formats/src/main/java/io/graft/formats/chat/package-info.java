/**
 * Chat templates: the part of Jinja that they use, and no more.
 *
 * <p>Aim: the text that Transformers makes (blocks trimmed, loop controls, the generation tag), in bounded time. Not an aim:
 * a general template engine. What is not known is an error with its line. Text of messages is data and never read as a template.
 */
package io.graft.formats.chat;
