

   # an indented comment

   from alpine:3.20
run echo a \
# between

  && echo b   \  
  && echo c
RUN echo '#not a comment' # kept
Run [ -f /x ] || echo "no exec form"
RUN ["echo", "exec" , "form"]
CMD echo shell form
