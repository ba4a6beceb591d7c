"""The examples that the language model reads before the scene: what an instruction, a scene and a good sequence of skills look like.

What comes last weighs most with a small model, so the plainest comes last.
"""

REFUSAL = "sorry, I can't do that"
"""What the robot says where nothing useful can be done."""

EXAMPLES = (
    f"""\
Scene: banana, red block, yellow bowl.
Human: could you pass me the hammer?
Robot:
1. {REFUSAL}
""",
    """\
Scene: lemon (in the drawer), chips bag, bin, drawer (closed).
Human: take the fruit out and throw it away.
Robot:
1. open the drawer
2. pick up the lemon
3. put it in the bin (failed)
4. pick up the lemon
5. put it in the bin
6. done
""",
    """\
Scene: apple, sponge, coke can, tray, drawer (closed).
Human: bring me something to drink.
Robot:
1. pick up the coke can
2. put it in the tray
3. done
""",
    """\
Scene: yellow block, pink block, green bowl.
Human: put all blocks in the bowl.
Robot:
1. pick up the yellow block
2. put it in the green bowl
3. pick up the pink block
4. put it in the green bowl
5. done
""",
    f"""\
Scene: green block, pink bowl, purple block.
Human: tell me a story about whales.
Robot:
1. {REFUSAL}
""",
    """\
Scene: green block, yellow bowl, orange block.
Human: move the orange block to the top left corner and push the bowl to the right.
Robot:
1. pick up the orange block
2. put it on the top left corner
3. push the yellow bowl right
4. done
""",
    """\
Scene: orange bowl, lemon, drawer (closed).
Human: get the drawer open.
Robot:
1. open the drawer
2. done
""",
    """\
Scene: purple bowl, red block, in the hand: blue block.
Human: I want the blue block in the bowl.
Robot:
1. put it in the purple bowl
2. done
""",
    """\
Scene: orange block, purple block, pink bowl.
Human: stack the purple block on the orange one.
Robot:
1. pick up the purple block (failed)
2. pick up the purple block
3. put it on the orange block
4. done
""",
    """\
Scene: banana, water bottle, drawer (open).
Human: would you shut the drawer?
Robot:
1. close the drawer
2. done
""",
    """\
Scene: cup, apple, sponge, red bowl.
Human: grab the sponge.
Robot:
1. pick up the sponge
2. done
""",
    """\
Scene: red block, green block, blue bowl, yellow bowl.
Human: put the green block in the blue bowl.
Robot:
1. pick up the green block
2. put it in the blue bowl
3. done
""",
)
